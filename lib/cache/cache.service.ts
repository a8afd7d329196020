import { Injectable } from '@nestjs/common';
import { DepotConfigError, show, toError } from '../common/errors.js';
import type { Duration } from '../common/duration.js';
import { checkKey } from '../common/key.js';
import type { CacheEventName, CacheEvents } from './cache.events.js';
import { checkTags } from './cache.lifetime.js';
import { Lookup } from './cache.lookup.js';
import { ManyLookup, type ManyFactory } from './cache.many.js';
import type { CacheFactory, GetOrSetOptions, SetOptions } from './cache.options.js';
import { makingPolicy } from './cache.making.js';
import type { CacheParts } from './cache.parts.js';
import { fixedPolicy, type CachePolicy } from './cache.policy.js';
import type { CacheStats } from './cache.stats.js';
import type { CacheStore } from './cache.store.js';
import { ttlMs } from './cache.ttl.js';
import { BloomFilter } from './filter/bloom.filter.js';
import type { FilterOptions } from './filter/filter.shape.js';
import { newEntry, writing, type KeyedEntry } from './cache.writing.js';
import { warm, type WarmEntry, type WarmOptions, type WarmUp } from './cache.warm.js';

/** `undefined`: there is none. */
export type Maybe<T> = T | undefined;

/**
 * Values by key, for all processes that share the engine.
 *
 * What is stored is a copy: changing an object afterwards changes nothing, and everybody gets a copy of their own (with
 * `values: 'frozen'` the same object, which can't be changed). Date, Map, Set, BigInt, Buffer and nested ones come back as
 * they went in; an instance of another class as a plain object. `null` is a value and stands for "there is none";
 * `undefined` is no value and never stored.
 *
 * When the engine is away, reads are answered by what this process knows, `getOrSet` by its factory; `set`, `delete` and
 * `invalidate…` are made good before the first read after it is back. Keys have 1 to 1,024 characters.
 */
@Injectable()
export class CacheService {
  private readonly lookup: Lookup;

  constructor(
    private readonly store: CacheStore,
    private readonly parts: CacheParts,
    /** Names of the cache and of the namespaces down to this one. */
    private readonly path: readonly string[],
  ) {
    this.lookup = new Lookup(store, parts);
  }

  /** The name of the cache. */
  get name(): string {
    return this.parts.name;
  }

  /** How long a value is fresh when nobody says, in ms; `Infinity`: until it is deleted. */
  get defaultTtlMs(): number {
    return this.parts.settings.policy.ttlMs;
  }

  /** The fresh value, or `undefined` when there is none. @throws DepotConfigError for a bad key */
  get<T = unknown>(key: string): Promise<T | undefined> {
    // Not async: a hit in memory takes less than the promises of an async function.
    try {
      checkKey(key, 'cache key');
      return this.lookup.get(key) as Promise<T | undefined>;
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  /** The fresh value if this process knows it without asking: at once, and no promise. @throws DepotConfigError for a bad key */
  peek<T = unknown>(key: string): Maybe<T> {
    checkKey(key, 'cache key');
    return this.lookup.peek(key) as Maybe<T>;
  }

  /** The fresh values, in order; `undefined` where there is none. One round trip. */
  async getMany<T = unknown>(keys: readonly string[]): Promise<(T | undefined)[]> {
    for (const key of keys) checkKey(key, 'cache key');
    return this.lookup.getMany(keys) as Promise<(T | undefined)[]>;
  }

  /** Whether there is a fresh value. */
  async has(key: string): Promise<boolean> {
    checkKey(key, 'cache key');
    return (await this.lookup.fresh(key)) !== undefined;
  }

  /** How long the value will be fresh, in ms; `Infinity`: until it is deleted; `undefined`: there is none. */
  async ttl(key: string): Promise<number | undefined> {
    checkKey(key, 'cache key');
    const entry = await this.lookup.fresh(key);
    return entry && entry.freshUntil - this.parts.clock.now();
  }

  /**
   * Stores the value. `undefined`, or a ttl of 0, leaves nothing under the key.
   *
   * @returns whether all processes see it. False: the engine is away; what was there before is removed when it is back
   * @throws PayloadError when the value can't be serialised or is too large
   * @throws EngineReplyError when the engine refuses it
   * @throws DepotConfigError for a bad key, ttl or tag
   */
  async set(key: string, value: unknown, options: SetOptions = {}): Promise<boolean> {
    const entry = newEntry(key, value, writing(options, this.parts.settings));
    return this.change([key], 'set', async () => {
      await (entry ? this.store.write([entry]) : this.store.delete([key]));
      return true;
    });
  }

  /** The same for many, all with the same options; of a key that is named twice the last one counts. One round trip. */
  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]>,
    options: SetOptions = {},
  ): Promise<boolean> {
    const last = new Map<string, KeyedEntry | undefined>();
    const how = writing(options, this.parts.settings);
    for (const [key, value] of entries) last.set(key, newEntry(key, value, how));
    if (last.size === 0) return true;
    const keys = [...last.keys()];
    const written = [...last.values()].filter((entry) => entry !== undefined);
    const removed = keys.filter((key) => last.get(key) === undefined);
    return this.change(keys, 'set', async () => {
      await Promise.all([
        removed.length > 0 && this.store.delete(removed),
        written.length > 0 && this.store.write(written),
      ]);
      return true;
    });
  }

  /** Removes the value; says whether there was one. When the engine is away it says false, and removes it when it is back. */
  async delete(key: string): Promise<boolean> {
    return (await this.deleteMany([key])) > 0;
  }

  /** The same for many; says how many there were. */
  async deleteMany(keys: readonly string[]): Promise<number> {
    for (const key of keys) checkKey(key, 'cache key');
    return Number(await this.change(keys, 'delete', () => this.store.delete(keys)));
  }

  /**
   * Removes what has a key that matches: `*` stands for any text, `?` for a character, `[a-z]` for one of them, `\` takes the
   * next character as it is. It looks at all keys of the cache, a few at a time.
   */
  async deletePattern(pattern: string): Promise<number> {
    checkKey(pattern, 'pattern');
    return this.invalidation({ pattern }, pattern, () => this.store.deleteMatching(pattern), 0);
  }

  /**
   * Removes what was stored with one of these tags, in all namespaces of the cache. It takes as long for a million entries as
   * for one.
   */
  async invalidateTags(...tags: readonly (string | readonly string[])[]): Promise<void> {
    const all = checkTags(tags.flat());
    if (all.length === 0) return;
    await this.invalidation({ tags: all }, all.join(), () => this.store.invalidateTags(all), undefined);
  }

  /** Removes everything, namespaces included. At once; the memory comes back later. */
  async clear(): Promise<void> {
    await this.invalidation({}, '*', () => this.store.invalidate(), undefined);
  }

  /**
   * Sets how long the value is fresh from now on (0: no longer), and says whether there was one.
   *
   * @throws EngineUnavailableError when the engine does not answer
   * @throws DepotConfigError for a bad key or ttl
   */
  async expire(key: string, ttl: Duration): Promise<boolean> {
    checkKey(key, 'cache key');
    const freshMs = ttlMs(ttl, 'ttl');
    this.lookup.forget(key);
    return this.store.expire(key, freshMs);
  }

  /**
   * Adds to the number that is stored, 0 when there is none, and returns the sum.
   *
   * @param by a whole number @default 1
   * @param options the ttl counts from when there was none; adding prolongs nothing
   * @throws EngineReplyError when something else than a number is stored
   * @throws EngineUnavailableError when the engine does not answer
   */
  async increment(key: string, by = 1, options: Pick<SetOptions, 'ttl'> = {}): Promise<number> {
    checkKey(key, 'cache key');
    if (!Number.isSafeInteger(by)) {
      throw new DepotConfigError(`increment ${show(key)} by ${show(by)}; expected a whole number`);
    }
    const { ttlMs: freshMs } = fixedPolicy(options, this.parts.settings.policy);
    if (freshMs === 0) throw new DepotConfigError(`ttl of increment ${show(key)} is 0; expected more`);
    this.lookup.forget(key);
    return this.store.increment(key, by, freshMs);
  }

  /**
   * The value; made and stored by `factory` when there is no fresh one. One factory runs for a key, in all processes: whoever
   * asks meanwhile waits for it and gets what it gets. What it brings is not stored when the key was set, deleted or
   * invalidated since it began, anywhere.
   *
   * The factory must not ask for its own key; it would wait for itself.
   *
   * @throws what the factory throws, to everybody who waits, unless there is a stale value; in another process only name, message, stack and own properties of it
   * @throws CacheTimeoutError when the factory takes longer than its hard time-out
   * @throws PayloadError when the value can't be serialised
   * @throws DepotConfigError for a bad key or option
   * @example const rates = await cache.getOrSet('rates', () => fetchRates(), { ttl: '1m', grace: '1h' });
   */
  getOrSet<T>(key: string, factory: CacheFactory<T>, options: GetOrSetOptions<T> = {}): Promise<T> {
    try {
      checkKey(key, 'cache key');
      return this.lookup.getOrMake({
        store: this.store,
        key,
        factory,
        options,
        policy: this.policy(options),
      });
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  /**
   * The values, in order; those that are missing are made by one call of `factory`, which gets their keys and returns their
   * values in the same order, `undefined` for none. What others are making already is waited for.
   */
  async getOrSetMany<T>(
    keys: readonly string[],
    factory: ManyFactory<T>,
    options: GetOrSetOptions<T> = {},
  ): Promise<(T | undefined)[]> {
    for (const key of keys) checkKey(key, 'cache key');
    const many = new ManyLookup(this.store, this.lookup, this.parts);
    return many.getOrMake({ keys, factory, options, policy: this.policy(options) });
  }

  /** Makes what is not there yet, some at a time. A factory that fails is in the outcome and stops nothing. */
  warm(entries: Iterable<WarmEntry>, options: WarmOptions = {}): Promise<WarmUp> {
    return warm(this, entries, options);
  }

  /**
   * Other keys of the same cache, which can be dropped together.
   *
   * @param name 1 to 128 characters
   * @throws DepotConfigError for a bad name
   */
  namespace(name: string): CacheNamespace {
    checkKey(name, 'namespace');
    if (name.length > 128)
      throw new DepotConfigError(`namespace ${show(name)} is too long; expected at most 128 characters`);
    return new CacheNamespace(this.store.namespace(name), this.parts, [...this.path, name]);
  }

  /**
   * A Bloom filter, which all processes share: it says of keys that they can't exist, so that nobody has to be asked.
   *
   * @throws DepotConfigError for a bad name, capacity or errorRate
   * @example await cache.getOrSet(id, () => load(id), { filter: cache.filter('ids', { capacity: 1_000_000 }) });
   */
  filter(name: string, options: FilterOptions): BloomFilter {
    return new BloomFilter(this.parts.filters, [...this.path, name], options, this.parts.reads);
  }

  /** Hits, misses and how long they took, in this process since it started. */
  stats(): CacheStats {
    return this.parts.counters.stats(this.store.size());
  }

  /** Calls back on every such event in this process, namespaces included. Returns what ends it. */
  on<E extends CacheEventName>(event: E, listener: (event: CacheEvents[E]) => void): () => void {
    return this.parts.listeners.on(event, listener);
  }

  private policy<T>(options: GetOrSetOptions<T>): CachePolicy {
    return makingPolicy(options, this.parts.settings.policy);
  }

  private async change<T>(
    keys: readonly string[],
    event: 'set' | 'delete',
    work: () => Promise<T>,
  ): Promise<T | false> {
    const [first] = keys;
    if (first === undefined) return false;
    for (const key of keys) this.lookup.forget(key);
    const outcome = await this.parts.writes.unlessAway(first, work);
    if (this.parts.listeners.has(event)) {
      for (const key of keys) this.parts.listeners.emit(event, { key });
    }
    return outcome ?? false;
  }

  private async invalidation<T>(
    what: CacheEvents['invalidate'],
    name: string,
    work: () => Promise<T>,
    whenAway: T,
  ): Promise<T> {
    this.lookup.forget(undefined);
    const outcome = await this.parts.writes.unlessAway(name, work);
    this.parts.listeners.emit('invalidate', what);
    return outcome ?? whenAway;
  }
}

/** Keys of a cache that can be dropped together. */
export class CacheNamespace extends CacheService {
  /** All that is stored in it is gone, for all processes. It takes as long for a million entries as for one. */
  invalidate(): Promise<void> {
    return this.clear();
  }
}
