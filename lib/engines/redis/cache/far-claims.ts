import type { ClaimRequest, NewEntry } from '../../../cache/cache.store.js';
import { CACHE_CLAIM, CACHE_FILL, CACHE_GIVE_UP } from '../scripts/cache-lease.lua.js';
import { pairs, pick, type CacheParts, type Place } from './cache-parts.js';
import type { SpaceKeys } from './cache-keys.js';
import { entryText, lifeText } from './entry.text.js';
import type { Kind } from './ordered-batch.js';
import { scopeOf } from './validity.js';

/** The epochs that were there before the value was made. */
export interface Stamps {
  /** Of the space. */
  readonly scope: readonly string[];
  /** Of each tag that was known then. */
  readonly tags: ReadonlyMap<string, string>;
  /** Of all tags of the cache, where more tags come with the value. */
  readonly clock: string | undefined;
}

/** What is claimed, with the epochs from before once they are known. */
interface Stamped {
  readonly space: SpaceKeys;
  readonly request: ClaimRequest;
  stamps?: Stamps;
}

export interface ClaimCall extends Place, Stamped {
  readonly space: SpaceKeys;
  readonly token: string;
}

export type ClaimReply =
  | readonly ['found', text: string, leftMs: number]
  | readonly ['failed', error: string]
  | readonly ['taken', token: string, leftMs: number]
  | readonly ['granted', version: string, goneAt: string];

/** As long as a factory may run, and longer; a fill makes sure that they live as long as its entry. */
const EPOCHS_LIVE_MS = 3_600_000;

/** Asks for leases, with the epochs from before. */
export class FarClaims implements Kind<ClaimCall, ClaimReply> {
  constructor(private readonly parts: CacheParts) {}

  readonly prepare = (calls: readonly Stamped[]): Promise<void> | undefined => {
    const wanted = new Set<string>();
    for (const { space, request } of calls) {
      for (const key of space.epochs) wanted.add(key);
      for (const tag of request.tags) wanted.add(space.tag(tag));
      if (request.lateTags) wanted.add(space.clock);
    }
    const keys = [...wanted];
    const finish = (found: readonly string[]): void => {
      const epochOf = new Map(keys.map((key, at) => [key, found[at] ?? '']));
      for (const call of calls) {
        const { space, request } = call;
        call.stamps = {
          scope: space.epochs.map((key) => epochOf.get(key) ?? ''),
          tags: new Map(request.tags.map((tag) => [tag, epochOf.get(space.tag(tag)) ?? ''])),
          clock: request.lateTags ? epochOf.get(space.clock) : undefined,
        };
      }
    };
    const found = this.parts.epochs.ensure(keys, EPOCHS_LIVE_MS);
    if (found instanceof Promise) return found.then(finish);
    finish(found);
    return undefined;
  };

  readonly send = (calls: readonly ClaimCall[]): Promise<readonly ClaimReply[]> =>
    this.parts.link.each(
      calls.map(({ entry }) => entry),
      async (group) => {
        const some = pick(calls, group);
        const args = some.flatMap(({ token, request, stamps }) => [
          token,
          request.seen ?? '',
          scopeOf(stamps?.scope ?? []),
          request.waitedFor ?? '-',
          stamps ? stampText(stamps) : '',
        ]);
        return (await this.parts.link.run(CACHE_CLAIM, pairs(some), args)) as readonly ClaimReply[];
      },
    );
}

/** A time that no clock reaches. */
const NEVER = '9e15';

/** Equal as long as nothing was invalidated. */
export const stampText = ({ scope, tags, clock = '' }: Stamps): string =>
  [...scope, clock, ...[...tags].flat()].join('.');

export interface FillCall extends Place {
  readonly token: string;
  readonly stamps: Stamps;
  /** Version of what was there when the lease was granted, and when that will be gone by itself. */
  readonly seen: string;
  readonly goneAt: string;
  readonly filled: NewEntry;
  /** Its text, once it is known that nothing was invalidated; none: something was. */
  text?: string;
  /** Epochs that it is stamped with, by their names. */
  epochs?: ReadonlyMap<string, string>;
}

/** Stores what was made under leases; says of each whether it is stored and valid. */
export class FarFills implements Kind<FillCall, boolean> {
  constructor(private readonly parts: CacheParts) {}

  readonly prepare = (calls: readonly FillCall[]): Promise<void> | undefined => {
    const waits: Promise<void>[] = [];
    for (const call of calls) {
      const stamped = this.stamp(call);
      if (stamped) waits.push(stamped);
    }
    return waits.length > 0 ? Promise.all(waits).then(() => undefined) : undefined;
  };

  readonly send = async (calls: readonly FillCall[]): Promise<readonly boolean[]> => {
    const { link, news } = this.parts;
    // What was invalidated goes along, and does not land: its lease has to end.
    const filled = link.each(
      calls.map(({ entry }) => entry),
      async (group) => {
        const some = pick(calls, group);
        const args = some.flatMap(({ token, seen, goneAt, filled, text }) =>
          text === undefined ? [token, '-', NEVER, '', ''] : [token, seen, goneAt, lifeText(filled), text],
        );
        return (await link.run(CACHE_FILL, pairs(some), [news, ...args])) as readonly number[];
      },
    );
    // Sent right behind it: what was invalidated before the call is seen, though nobody has told yet.
    const [stored, current] = await Promise.all([filled, this.look(calls)]);
    return calls.map(
      ({ epochs = new Map<string, string>() }, at) =>
        stored[at] === 1 && [...epochs].every(([key, epoch]) => current.get(key) === epoch),
    );
  };

  private stamp(call: FillCall): Promise<void> | undefined {
    const { space, stamps, filled } = call;
    const late = filled.tags.filter((tag) => !stamps.tags.has(tag));
    const early = filled.tags.filter((tag) => stamps.tags.has(tag));
    const keys = [...space.epochs, ...early.map((tag) => space.tag(tag))];
    const before = [...stamps.scope, ...early.map((tag) => stamps.tags.get(tag) ?? '')];
    const finish = (now: readonly string[], lateEpochs: readonly string[]): void => {
      if (now.some((epoch, at) => epoch !== before[at])) return;
      const tagged = new Map([
        ...early.map((tag) => [tag, stamps.tags.get(tag) ?? ''] as const),
        ...late.map((tag, at) => [tag, lateEpochs[at] ?? ''] as const),
      ]);
      const tags = filled.tags.flatMap((tag) => [tag, tagged.get(tag) ?? '']);
      call.text = entryText(filled, this.parts.texts.next(), scopeOf(stamps.scope), tags);
      call.epochs = new Map([
        ...space.epochs.map((key, at) => [key, stamps.scope[at] ?? ''] as const),
        ...[...tagged].map(([tag, epoch]) => [space.tag(tag), epoch] as const),
      ]);
    };
    const lifeMs = filled.freshMs + filled.graceMs;
    const now = this.parts.epochs.ensure(keys, lifeMs);
    if (late.length === 0 && !(now instanceof Promise)) {
      finish(now, []);
      return undefined;
    }
    return Promise.all([now, this.lateEpochs(call, late, lifeMs)]).then(([found, epochs]) => {
      if (epochs) finish(found, epochs);
    });
  }

  /** Epochs of tags that came with the value; none when any tag was invalidated since the lease was granted. */
  private async lateEpochs(
    { space, stamps }: FillCall,
    late: readonly string[],
    lifeMs: number,
  ): Promise<readonly string[] | undefined> {
    if (late.length === 0) return [];
    const { epochs, link } = this.parts;
    const keys = late.map((tag) => space.tag(tag));
    // The clock last, and all asked for: what the feed has told by now may be older than what is asked for here.
    const found = link.slots.clustered
      ? [...(await epochs.make(keys, lifeMs)), ...(await epochs.make([space.clock], lifeMs))]
      : await epochs.make([...keys, space.clock], lifeMs);
    // Who did not say that there would be more tags is not told that one was invalidated meanwhile.
    return stamps.clock === undefined || found.at(-1) === stamps.clock ? found : undefined;
  }

  private async look(calls: readonly FillCall[]): Promise<ReadonlyMap<string, string>> {
    const keys = [...new Set(calls.flatMap(({ epochs }) => [...(epochs?.keys() ?? [])]))];
    const found = await this.parts.link.each(keys, (group) => this.parts.link.mget(pick(keys, group)));
    return new Map(keys.map((key, at) => [key, found[at] ?? '']));
  }
}

export interface GiveUp extends Place {
  readonly token: string;
  /** As the codec has it; empty: there was none. */
  readonly error: string;
  /** For so long everybody is told of it. */
  readonly toldMs: number;
}

/** Ends leases under which nothing is stored. */
export class FarGiveUps implements Kind<GiveUp, undefined> {
  constructor(private readonly parts: CacheParts) {}

  readonly send = (calls: readonly GiveUp[]): Promise<readonly undefined[]> =>
    this.parts.link.each(
      calls.map(({ entry }) => entry),
      async (group) => {
        const some = pick(calls, group);
        const args = some.flatMap(({ token, error, toldMs }) => [token, error, Math.ceil(toldMs)]);
        await this.parts.link.run(CACHE_GIVE_UP, pairs(some), [this.parts.news, ...args]);
        return some.map(() => undefined);
      },
    );
}
