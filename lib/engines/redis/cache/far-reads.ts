import { foreignEntry, readEntry, type StoredEntry } from './entry.text.js';
import type { CacheParts, Place } from './cache-parts.js';
import { pick } from './cache-parts.js';
import type { Kind } from './ordered-batch.js';
import type { SpaceKeys } from './cache-keys.js';
import { haveTheirTags, scopeOf } from './validity.js';

type Answer = StoredEntry | undefined;

/** Reads entries: those of a tick by one MGET, with the epochs of their spaces. */
export class FarReads implements Kind<Place, Answer> {
  constructor(private readonly parts: CacheParts) {}

  readonly send = (places: readonly Place[]): Promise<readonly Answer[]> => {
    const { link } = this.parts;
    this.askTime();
    const keys = places.map(({ entry }) => entry);
    if (link.slots.clustered) return this.readScattered(places, keys);
    return link.each(keys, (group) => this.read(pick(places, group)));
  };

  private async read(places: readonly Place[]): Promise<readonly Answer[]> {
    const { link, epochs } = this.parts;
    const spaces = spacesOf(places);
    const asked: string[] = [];
    for (const space of spaces) for (const key of space.epochs) asked.push(key);
    const count = asked.length;
    const { ticket } = epochs;
    const keys = asked.slice();
    for (const { entry } of places) keys.push(entry);
    const texts = await link.mget(keys);
    epochs.learn(ticket, asked, texts);
    const scopes = new Map<string, string>();
    let from = 0;
    for (const space of spaces) {
      const to = from + space.epochs.length;
      scopes.set(space.path, scopeOf(texts.slice(from, to).map((epoch) => epoch ?? '')));
      from = to;
    }
    return this.answers(places, texts, count, scopes);
  }

  /** On a cluster, where epochs lie elsewhere. */
  private async readScattered(places: readonly Place[], keys: readonly string[]): Promise<readonly Answer[]> {
    const { link, epochs } = this.parts;
    const scopes = new Map<string, string>();
    const known = Promise.all(
      spacesOf(places).map(async (space) =>
        scopes.set(space.path, scopeOf(await epochs.current(space.epochs))),
      ),
    );
    const [texts] = await Promise.all([link.each(keys, (group) => link.mget(pick(keys, group))), known]);
    return this.answers(places, texts, 0, scopes);
  }

  /** @param from where the entries begin in `texts` */
  private answers(
    places: readonly Place[],
    texts: readonly (string | null)[],
    from: number,
    scopes: ReadonlyMap<string, string>,
  ): readonly Answer[] | Promise<readonly Answer[]> {
    const { ahead, local } = this.parts.clock;
    const now = local.now();
    const answers: Answer[] = new Array<Answer>(places.length);
    const later: number[] = [];
    let last: SpaceKeys | undefined;
    let scope: string | undefined;
    for (let at = 0; at < places.length; at++) {
      const text = texts[from + at];
      if (typeof text !== 'string') continue;
      const space = places[at]?.space;
      if (!space) continue;
      if (space !== last) scope = scopes.get((last = space).path);
      const entry = readEntry(space, text, ahead);
      if (!entry) later.push(at);
      else if (entry.keptUntil > now && entry.scope === scope) {
        answers[at] = entry;
        if (entry.tags.length > 0) later.push(at);
      }
    }
    if (later.length === 0) return answers;
    return this.complete(places, texts, from, answers, later);
  }

  /** Tags are known only now, and how long somebody else's text is kept has to be asked for. */
  private async complete(
    places: readonly Place[],
    texts: readonly (string | null)[],
    from: number,
    answers: Answer[],
    later: readonly number[],
  ): Promise<readonly Answer[]> {
    const { link, epochs, clock } = this.parts;
    const tagged = later.filter((at) => answers[at]);
    const foreign = later.filter((at) => !answers[at]);
    const entries = tagged.flatMap((at) => answers[at] ?? []);
    const [valid, left] = await Promise.all([
      haveTheirTags(epochs, entries),
      Promise.all(foreign.map((at) => link.send('pttl', [places[at]?.entry ?? '']))),
    ]);
    tagged.forEach((at, index) => {
      if (!valid[index]) answers[at] = undefined;
    });
    foreign.forEach((at, index) => {
      const leftMs = Number(left[index]);
      // -2: it has gone since.
      const space = places[at]?.space;
      if (leftMs === -2 || !space) return;
      answers[at] = foreignEntry(space, texts[from + at] ?? '', leftMs, clock.local.now());
    });
    return answers;
  }

  private askTime(): void {
    const { clock, link } = this.parts;
    if (!clock.isDue || !link.isUp) return;
    clock.asked();
    const askedAt = clock.local.now();
    link.send('time', []).then(
      (time) => clock.learn(time as [string, string], askedAt),
      // The next connection brings it.
      () => undefined,
    );
  }
}

/** Each once. Spaces are made as they are asked for, so it is the path that tells them apart. */
function spacesOf(places: readonly Place[]): readonly SpaceKeys[] {
  const spaces = new Map<string, SpaceKeys>();
  let last: SpaceKeys | undefined;
  for (const { space } of places) if (space !== last) spaces.set((last = space).path, space);
  return [...spaces.values()];
}
