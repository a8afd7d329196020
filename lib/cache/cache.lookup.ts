import type { CacheTier } from './cache.events.js';
import type { CacheParts } from './cache.parts.js';
import type { GroupCounters } from './cache.stats.js';
import { isReadable, type Order } from './cache.factories.js';
import type { CacheEntry, CacheStore } from './cache.store.js';
import type { CachedValue } from './cache.value.js';

/** Finds values: in this process's memory, then in the store, then by having them made. Counts what it finds. */
export class Lookup {
  private readonly frozen: boolean;
  private readonly glance: () => number;

  constructor(
    private readonly store: CacheStore,
    private readonly parts: CacheParts,
  ) {
    this.frozen = parts.settings.values === 'frozen';
    const { clock } = parts;
    this.glance = clock.glance ?? ((): number => clock.now());
  }

  peek(key: string): unknown {
    const begun = this.parts.counters.sample();
    const now = this.glance();
    const entry = this.store.peek(key, now);
    if (entry === undefined || entry.freshUntil <= now) return undefined;
    return this.memoryHit(key, entry, begun);
  }

  get(key: string): Promise<unknown> {
    const found = this.peek(key);
    return found === undefined ? this.fromStore(key) : Promise.resolve(found);
  }

  async getMany(keys: readonly string[]): Promise<unknown[]> {
    const found = keys.map((key) => this.peek(key));
    const missing = keys.filter((_, at) => found[at] === undefined);
    const [first] = missing;
    if (first === undefined) return found;
    const begun = performance.now();
    const entries = await this.parts.reads.attempt(first, () => this.store.readMany(missing));
    // Once for all: they came together.
    this.parts.counters.of(first).took('store', performance.now() - begun);
    let next = 0;
    return found.map((value, at) => {
      if (value !== undefined) return value;
      return this.storeAnswer(keys[at] ?? '', entries?.[next++]);
    });
  }

  /** The entry if it is fresh. Not counted. */
  async fresh(key: string): Promise<CacheEntry | undefined> {
    const { clock } = this.parts;
    const entry = this.store.peek(key) ?? (await this.parts.reads.attempt(key, () => this.store.read(key)));
    return entry && entry.freshUntil > clock.now() && this.isReadable(key, entry) ? entry : undefined;
  }

  getOrMake<T>(order: Order<T>): Promise<T> {
    const begun = this.parts.counters.sample();
    const now = this.glance();
    const entry = this.store.peek(order.key, now);
    if (entry !== undefined && entry.freshUntil > now) {
      const found = this.memoryHit(order.key, entry, begun);
      if (found !== undefined) {
        if (order.policy.refreshAhead !== undefined) this.refreshInTime(order, entry);
        return Promise.resolve(found as T);
      }
    }
    return this.findOrMake(order, entry) as Promise<T>;
  }

  /** Whoever asks from now on does not get what is under way for the key; `undefined`: for any key. */
  forget(key: string | undefined): void {
    this.parts.productions.forget(key === undefined ? undefined : this.store.idOf(key));
  }

  /** What its reader may have of the value. */
  hand(value: CachedValue): unknown {
    return this.frozen ? value.shared() : value.copy();
  }

  /** The value of an entry that the store has given, if it is fresh. */
  found(key: string, entry: CacheEntry): unknown {
    if (entry.freshUntil <= this.glance() || !this.isReadable(key, entry)) return undefined;
    return this.hit(key, entry, 'store', false);
  }

  private async fromStore(key: string): Promise<unknown> {
    const begun = performance.now();
    const entry = await this.parts.reads.attempt(key, () => this.store.read(key));
    this.parts.counters.of(key).took('store', performance.now() - begun);
    return this.storeAnswer(key, entry);
  }

  private storeAnswer(key: string, entry: CacheEntry | undefined): unknown {
    const found = entry && this.found(key, entry);
    if (found === undefined) this.missed(key);
    return found;
  }

  /** @param known what was found already, if anything was */
  async findOrMake<T>(order: Order<T>, known: CacheEntry | undefined): Promise<unknown> {
    const { key, policy, options } = order;
    const entry = known ?? (await this.readForMaking(key));
    if (entry !== undefined && this.isReadable(key, entry)) {
      const now = this.parts.clock.now();
      if (entry.freshUntil > now) {
        if (policy.refreshAhead !== undefined) this.refreshInTime(order, entry);
        return this.hit(key, entry, 'store', false);
      }
      if (entry.freshUntil + policy.graceMs > now) {
        return this.staleOrMade(order, entry, known ? 'memory' : 'store');
      }
    }
    this.missed(key);
    if (options.filter && !(await options.filter.mightContain(key))) return null;
    return this.hand(await this.parts.productions.make(order, entry));
  }

  private async readForMaking(key: string): Promise<CacheEntry | undefined> {
    const begun = performance.now();
    const entry = await this.parts.reads.attempt(key, () => this.store.read(key));
    this.parts.counters.of(key).took('store', performance.now() - begun);
    return entry;
  }

  /** The stale value at once, or a fresh one if that takes no longer than the soft time-out. */
  private async staleOrMade<T>(order: Order<T>, stale: CacheEntry, tier: CacheTier): Promise<unknown> {
    const { key, policy } = order;
    const { productions } = this.parts;
    const made = productions.refresh(order, stale);
    if (made === undefined) return this.hit(key, stale, tier, true);
    const inTime = policy.softMs === 0 ? undefined : await this.within(policy.softMs, made);
    if (inTime === undefined) return this.hit(key, stale, tier, true);
    this.missed(key);
    return this.hand(inTime);
  }

  private refreshInTime<T>(order: Order<T>, entry: CacheEntry): void {
    const { refreshAhead = 1 } = order.policy;
    const dueAt = entry.createdAt + (entry.freshUntil - entry.createdAt) * refreshAhead;
    if (this.parts.clock.now() >= dueAt) void this.parts.productions.refresh(order, entry);
  }

  /** What the work, which never rejects, comes to; `undefined` when it takes longer. */
  private within<W>(ms: number, work: Promise<W>): Promise<W | undefined> {
    return new Promise((resolve) => {
      const cancel = this.parts.clock.after(ms, () => resolve(undefined));
      void work.then(resolve).finally(cancel);
    });
  }

  private memoryHit(key: string, entry: CacheEntry, begun: number): unknown {
    const { value } = entry;
    const { listeners } = this.parts;
    const counters = value.counters ?? this.countedBy(key, entry);
    if (counters === undefined) return undefined;
    counters.memoryHits++;
    const found = this.hand(value);
    if (begun > 0) counters.took('memory', performance.now() - begun);
    if (listeners.hearHits) listeners.emit('hit', { key, tier: 'memory', stale: false });
    return found;
  }

  /** Where hits of an entry are counted from now on; of one that can't be read nowhere. */
  private countedBy(key: string, entry: CacheEntry): GroupCounters | undefined {
    if (!this.isReadable(key, entry)) return undefined;
    return (entry.value.counters = this.parts.counters.of(key));
  }

  private hit(key: string, { value }: CacheEntry, tier: CacheTier, stale: boolean): unknown {
    const { counters, listeners } = this.parts;
    const group = counters.of(key);
    if (tier === 'memory') group.memoryHits++;
    else group.storeHits++;
    if (stale) group.staleHits++;
    if (listeners.hearHits) listeners.emit('hit', { key, tier, stale });
    return this.hand(value);
  }

  /** What was asked for has to be made, or is not there. */
  missed(key: string): void {
    this.parts.counters.of(key).misses++;
    if (this.parts.listeners.has('miss')) this.parts.listeners.emit('miss', { key });
  }

  private isReadable(key: string, entry: CacheEntry): boolean {
    return isReadable(entry, key, this.parts.logger);
  }
}
