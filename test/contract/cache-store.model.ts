/** A cache as it should be: plain maps, and everything done at once. Spaces are numbers, `AROUND` says what they are in. */

const SPACES: readonly (readonly string[])[] = [[], ['n'], ['n', 'm'], ['o']];
const AROUND: readonly (readonly number[])[] = [[0], [0, 1], [0, 1, 2], [0, 3]];

export const namesOf = (space: number): readonly string[] => SPACES[space] ?? [];

export interface ModelEntry {
  readonly space: number;
  readonly key: string;
  readonly value: unknown;
  readonly freshUntil: number;
  readonly graceMs: number;
  readonly tags: readonly string[];
  /** Another one for each time that something is stored. */
  readonly number: number;
}

export interface ModelLease {
  readonly space: number;
  readonly key: string;
  readonly tags: readonly string[];
  readonly lateTags: boolean;
  /** Its space was invalidated since it was granted. */
  gone: boolean;
  /** Tags that were invalidated since. */
  readonly lost: Set<string>;
}

type Asked = Omit<ModelLease, 'gone' | 'lost'>;

interface ModelFailure {
  readonly space: number;
  readonly key: string;
  readonly tags: readonly string[];
  readonly forAllUntil: number;
  /** What it came from was removed. Whether it is still told is the engine's to say. */
  doomed: boolean;
}

export type Expected = 'granted' | 'found' | 'taken' | 'failed';

export class CacheModel {
  private readonly entries = new Map<string, ModelEntry>();
  private readonly leases = new Map<string, ModelLease>();
  private readonly failures = new Map<string, ModelFailure>();
  private stored = 0;

  constructor(private readonly now: () => number) {}

  entry(space: number, key: string): ModelEntry | undefined {
    const found = this.entries.get(`${space}/${key}`);
    return found && found.freshUntil + found.graceMs > this.now() ? found : undefined;
  }

  isFresh(space: number, key: string): boolean {
    return (this.entry(space, key)?.freshUntil ?? 0) > this.now();
  }

  store(entry: Omit<ModelEntry, 'number'>): void {
    const id = `${entry.space}/${entry.key}`;
    this.endLease(entry.space, entry.key);
    this.entries.set(id, { ...entry, number: ++this.stored });
  }

  delete(space: number, key: string): number {
    const count = this.entry(space, key) ? 1 : 0;
    this.entries.delete(`${space}/${key}`);
    this.endLease(space, key);
    return count;
  }

  expire(space: number, key: string, freshMs: number): boolean {
    const found = this.isFresh(space, key) ? this.entry(space, key) : undefined;
    this.endLease(space, key);
    if (found) this.store({ ...found, freshUntil: this.now() + freshMs });
    return found !== undefined;
  }

  /** The sum; `undefined`: it can't be added to. */
  increment(space: number, key: string, by: number, freshMs: number): number | undefined {
    const found = this.isFresh(space, key) ? this.entry(space, key) : undefined;
    const stored = found ? found.value : 0;
    if (typeof stored !== 'number') return undefined;
    const value = stored + by;
    const anew = { space, key, freshUntil: this.now() + freshMs, graceMs: 0, tags: [] };
    this.store({ ...(found ?? anew), value });
    return value;
  }

  deleteMatching(space: number, matches: (key: string) => boolean): number {
    for (const lease of [...this.leases.values()]) {
      if (lease.space === space && matches(lease.key)) this.endLease(space, lease.key);
    }
    for (const failure of this.failures.values()) {
      if (failure.space === space && matches(failure.key)) failure.doomed = true;
    }
    const keys = [...this.entries.values()].filter((entry) => entry.space === space && matches(entry.key));
    return keys.reduce((count, { key }) => count + this.delete(space, key), 0);
  }

  invalidate(space: number): void {
    const isWithin = (at: { readonly space: number }): boolean => AROUND[at.space]?.includes(space) === true;
    for (const lease of this.leases.values()) if (isWithin(lease)) lease.gone = true;
    for (const failure of this.failures.values()) if (isWithin(failure)) failure.doomed = true;
    for (const [id, entry] of this.entries) if (isWithin(entry)) this.entries.delete(id);
  }

  invalidateTags(tags: readonly string[]): void {
    const isMeant = (at: { readonly tags: readonly string[] }): boolean =>
      at.tags.some((tag) => tags.includes(tag));
    for (const { lost } of this.leases.values()) for (const tag of tags) lost.add(tag);
    for (const failure of this.failures.values()) if (isMeant(failure)) failure.doomed = true;
    for (const [id, entry] of this.entries) if (isMeant(entry)) this.entries.delete(id);
  }

  /** What a claim may be answered with. */
  answers(about: Asked, seen: number | undefined): readonly Expected[] {
    const { space, key } = about;
    const id = `${space}/${key}`;
    const entry = this.entry(space, key);
    if (entry && entry.number !== seen) return ['found'];
    const lease = this.leases.get(id);
    if (lease && !isDoomed(lease) && isAlike(lease, about)) return ['taken'];
    // He who is at work can't store any more, or the caller comes with other tags: the engine may let him in.
    if (lease) return ['taken', 'granted'];
    const failure = this.failures.get(id);
    if (!failure) return ['granted'];
    if (failure.forAllUntil <= this.now()) return ['granted'];
    return failure.doomed ? ['failed', 'granted'] : ['failed'];
  }

  grant(lease: Asked): ModelLease {
    this.endLease(lease.space, lease.key);
    const granted = { ...lease, gone: false, lost: new Set<string>() };
    this.leases.set(`${lease.space}/${lease.key}`, granted);
    return granted;
  }

  /** Whether it stores an entry with these tags; `perhaps`: it need not, since some tag was invalidated. */
  stores(lease: ModelLease, tags: readonly string[]): 'yes' | 'no' | 'perhaps' | 'overtaken' {
    if (this.leases.get(`${lease.space}/${lease.key}`) !== lease) return 'overtaken';
    if (lease.gone || [...lease.tags, ...tags].some((tag) => lease.lost.has(tag))) return 'no';
    return isDoomed(lease) ? 'perhaps' : 'yes';
  }

  fail(lease: ModelLease, ttlMs: number): void {
    const id = `${lease.space}/${lease.key}`;
    if (this.leases.get(id) !== lease) return;
    this.leases.delete(id);
    const { space, key, tags } = lease;
    const forAllUntil = this.now() + ttlMs;
    if (ttlMs > 0) this.failures.set(id, { space, key, tags, forAllUntil, doomed: isDoomed(lease) });
  }

  release(lease: ModelLease): void {
    if (this.leases.get(`${lease.space}/${lease.key}`) === lease) this.endLease(lease.space, lease.key);
  }

  private endLease(space: number, key: string): void {
    this.leases.delete(`${space}/${key}`);
    this.failures.delete(`${space}/${key}`);
  }
}

function isAlike(one: Asked, other: Asked): boolean {
  return one.lateTags === other.lateTags && one.tags.toSorted().join() === other.tags.toSorted().join();
}

function isDoomed({ gone, lost, tags, lateTags }: ModelLease): boolean {
  return gone || (lateTags && lost.size > 0) || tags.some((tag) => lost.has(tag));
}
