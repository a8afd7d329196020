import { CACHE_EPOCHS } from '../scripts/cache-epochs.lua.js';
import type { CacheLink } from './cache-link.js';
import { pick } from './cache-parts.js';
import { span, type StoredEntry } from './entry.text.js';
import type { UniqueTexts } from './unique-texts.js';

interface Known {
  /** Empty: it is known that there is none. */
  readonly epoch: string;
  /** Local time until when it lives for certain. */
  readonly until: number;
}

/** What lives so short is prolonged too often, and that is told to everybody each time. */
const SHORTEST_LIFE_MS = 10 * 60_000;
/** Of what belongs to all entries of a cache. */
const LONG_LIFE_MS = 7 * 86_400_000;
/** Tags that nobody asks for any more don't pile up. */
const MOST_KNOWN = 50_000;

/**
 * The epochs of a cache: of itself, its namespaces and its tags. An entry is valid while all that it was stamped with are
 * the ones that are stored; who invalidates deletes them. What this process knows of them counts while it hears of every
 * change (`confirmed`); when it does not, they are asked for each time.
 */
export class Epochs {
  /** Another one whenever something is not known any more that was: what was valid before has to be compared again. */
  generation = 0;
  private readonly table = new Map<string, Known>();
  /** Changes that were heard of: what was asked for before one may be old. */
  private changes = 0;
  private isConfirmed = false;

  constructor(
    private readonly link: CacheLink,
    private readonly texts: UniqueTexts,
    private readonly now: () => number,
  ) {}

  get confirmed(): boolean {
    return this.isConfirmed;
  }

  /** From now on every change is heard of. */
  confirm(): void {
    this.forget();
    this.isConfirmed = true;
  }

  /** What is known stays for as long as nobody can be asked, and counts for nothing else. */
  suspend(): void {
    this.isConfirmed = false;
    this.changes++;
    this.generation++;
  }

  /** Somebody may have changed it. */
  changed(key: string): void {
    this.changes++;
    if (this.table.delete(key)) this.generation++;
  }

  forget(): void {
    this.changes++;
    this.generation++;
    this.table.clear();
  }

  /** To be given to `learn` with what was asked for now. */
  get ticket(): number {
    return this.changes;
  }

  /** These were stored when they were asked for. */
  learn(ticket: number, keys: readonly string[], epochs: readonly (string | null)[]): void {
    if (!this.isConfirmed || ticket !== this.changes) return;
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] ?? '';
      if (!this.table.has(key)) this.enter(key, { epoch: epochs[at] ?? '', until: 0 });
    }
  }

  /** The epochs that are stored, in order, empty where there is none. At once, where they are known. */
  current(keys: readonly string[]): readonly string[] | Promise<readonly string[]> {
    const known = this.isConfirmed ? this.known(keys) : undefined;
    return known ?? this.ask(keys);
  }

  /** The same; those that are missing are made, and all live for `lifeMs` at least. */
  ensure(keys: readonly string[], lifeMs: number): readonly string[] | Promise<readonly string[]> {
    if (this.isConfirmed) {
      const until = this.now() + lifeMs;
      const known = this.known(keys, until);
      if (known) return known;
    }
    return this.make(keys, lifeMs);
  }

  /** The same, all of them asked for; those of one slot at the same time. */
  async make(keys: readonly string[], lifeMs: number): Promise<readonly string[]> {
    const { ticket } = this;
    const given = span(lifeGiven(keys, lifeMs));
    return this.link.each(keys, async (group) => {
      const asked = pick(keys, group);
      const askedAt = this.now();
      const args = [this.texts.next(), span(lifeMs), given];
      const found = (await this.link.run(CACHE_EPOCHS, asked, args)) as (string | number)[];
      return asked.map((key, at) => {
        const epoch = String(found[2 * at]);
        const left = Number(found[2 * at + 1]);
        if (this.isConfirmed && ticket === this.changes) {
          this.enter(key, { epoch, until: left < 0 ? Number.POSITIVE_INFINITY : askedAt + left });
        }
        return epoch;
      });
    });
  }

  /** Whether the entry was valid by the last that was known; `undefined`: some of it was not known. */
  judge(entry: StoredEntry): boolean | undefined {
    const { space } = entry;
    if (entry.scope === undefined) return true;
    let scope = '';
    for (const key of space.epochs) {
      const epoch = this.table.get(key)?.epoch;
      if (epoch === undefined) return undefined;
      scope = scope === '' ? epoch : `${scope}.${epoch}`;
    }
    if (scope !== entry.scope) return false;
    for (let at = 0; at < entry.tags.length; at += 2) {
      const epoch = this.table.get(space.tag(entry.tags[at] ?? ''))?.epoch;
      if (epoch === undefined) return undefined;
      if (epoch !== entry.tags[at + 1]) return false;
    }
    return true;
  }

  private known(keys: readonly string[], until = 0): readonly string[] | undefined {
    const epochs: string[] = [];
    for (const key of keys) {
      const known = this.table.get(key);
      if (!known || known.until < until) return undefined;
      epochs.push(known.epoch);
    }
    return epochs;
  }

  private async ask(keys: readonly string[]): Promise<readonly string[]> {
    const { ticket } = this;
    const found = await this.link.each(keys, (group) => this.link.mget(group.map((at) => keys[at] ?? '')));
    this.learn(ticket, keys, found);
    return found.map((epoch) => epoch ?? '');
  }

  private enter(key: string, known: Known): void {
    if (this.table.size >= MOST_KNOWN) this.forget();
    this.table.set(key, known);
  }
}

/** Twice what is needed, so that it is not prolonged with every entry. */
function lifeGiven(keys: readonly string[], neededMs: number): number {
  const shortest = keys.some((key) => !key.includes('#tag:')) ? LONG_LIFE_MS : SHORTEST_LIFE_MS;
  return Math.max(2 * neededMs, shortest);
}
