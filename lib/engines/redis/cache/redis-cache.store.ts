import type {
  CacheEntry,
  CacheSize,
  CacheStore,
  Claim,
  ClaimRequest,
  NewEntry,
} from '../../../cache/cache.store.js';
import { KeyPattern } from '../../../cache/memory/key.pattern.js';
import { idOf, spaceIn, type KeySpace } from '../../../cache/memory/key.space.js';
import { EngineReplyError, EngineUnavailableError } from '../../../common/errors.js';
import { literalOf, type SpaceKeys } from './cache-keys.js';
import type { Place } from './cache-parts.js';
import { Claiming } from './claiming.js';
import { Finding } from './finding.js';
import type { StoredEntry } from './entry.text.js';
import type { RedisCache } from './redis-cache.js';

/** A cache on Redis, or a namespace in it: each entry is a key of its own, which Redis itself lets expire. */
export class RedisCacheStore implements CacheStore {
  constructor(
    private readonly cache: RedisCache,
    private readonly keys: SpaceKeys,
    private readonly space: KeySpace,
  ) {}

  peek(key: string, now?: number): CacheEntry | undefined {
    return this.cache.known(idOf(this.space, key), now);
  }

  read(key: string): Promise<CacheEntry | undefined> {
    const { cache } = this;
    const id = idOf(this.space, key);
    const known = cache.known(id);
    if (known) return Promise.resolve(known);
    const asked = cache.ask(cache.reads, this.place(key, id));
    return cache.near ? this.arrival(id, asked) : asked;
  }

  async readMany(keys: readonly string[]): Promise<readonly (CacheEntry | undefined)[]> {
    const { cache } = this;
    const ids = keys.map((key) => idOf(this.space, key));
    const found: (CacheEntry | undefined)[] = ids.map((id) => cache.known(id));
    const missing = keys.flatMap((_, at) => (found[at] ? [] : [at]));
    if (missing.length === 0) return found;
    const tickets = missing.map((at) => cache.near?.open(ids[at] ?? ''));
    try {
      const places = missing.map((at) => this.place(keys[at] ?? '', ids[at]));
      const entries = await cache.askAll(cache.reads, places);
      missing.forEach((at, index) => {
        const ticket = tickets[index];
        found[at] = entries[index];
        if (ticket) cache.keep(ids[at] ?? '', ticket, entries[index]);
      });
      return found;
    } catch (error) {
      for (const at of missing) found[at] = cache.lastKnown(ids[at] ?? '');
      tickets.forEach((ticket, index) => {
        if (ticket) cache.near?.close(ids[missing[index] ?? -1] ?? '', ticket);
      });
      // Where something is known, the rest is as good as not there.
      if (error instanceof EngineUnavailableError && found.some((entry) => entry)) return found;
      throw error;
    }
  }

  async write(entries: readonly (NewEntry & { readonly key: string })[]): Promise<void> {
    const { cache } = this;
    const writes = entries.map((written) => ({ ...this.place(written.key), written }));
    let refused: string | undefined;
    try {
      const answers = await cache.change(cache.writes, writes);
      refused = answers.find((why) => why !== '');
    } catch (error) {
      // Where not even the epochs could be made the old values are still there.
      if (error instanceof EngineReplyError) await cache.change(cache.deletes, writes);
      throw error;
    }
    if (refused !== undefined) throw new EngineReplyError(`Redis refused to store cache entries: ${refused}`);
  }

  async delete(keys: readonly string[]): Promise<number> {
    const { cache } = this;
    const places = keys.map((key) => this.place(key));
    return (await cache.change(cache.deletes, places)).filter(Boolean).length;
  }

  async expire(key: string, freshMs: number): Promise<boolean> {
    const { cache } = this;
    const change = { ...this.place(key), freshMs };
    const [was = false] = await cache.change(cache.expires, [change]);
    return was;
  }

  increment(key: string, by: number, freshMs: number): Promise<number> {
    const { cache } = this;
    const change = { ...this.place(key), by, freshMs };
    cache.near?.drop(change.id);
    return cache.ask(cache.increments, change);
  }

  async claim(requests: readonly ClaimRequest[]): Promise<readonly Claim[]> {
    const claiming = new Claiming(this.cache, (key) => this.place(key));
    if (!Finding.suits(requests)) return claiming.claim(requests);
    const found = await new Finding(this.cache, this.keys, (key) => this.idOf(key)).claim(requests);
    const rest = requests.filter((_, at) => found[at] === undefined);
    const claimed = rest.length > 0 ? await claiming.claim(rest) : [];
    let next = 0;
    return found.flatMap((claim) => claim ?? claimed[next++] ?? []);
  }

  async deleteMatching(pattern: string): Promise<number> {
    const { cache, keys } = this;
    const { sweeper } = cache.shared;
    const wanted = new KeyPattern(pattern);
    let count = 0;
    try {
      // In its turn, after all that was stored before.
      await cache.askAll({ send: () => Promise.resolve([]) }, []);
      const literal = literalOf(pattern);
      // Leases first: what lands before is found as an entry then.
      for await (const found of sweeper.scan(keys.leasePrefix + literal, keys.entryPrefix + literal)) {
        const matching = found
          .map((name) => keys.keyOf(name.startsWith(keys.entryPrefix) ? name : keys.entryOf(name)))
          .filter((key) => wanted.matches(key));
        count += await this.delete(matching);
      }
      // What others have removed was not found, and may be in memory until this process hears of it.
      cache.near?.clear();
      return count;
    } catch (error) {
      // More than was asked for, but at once.
      if (error instanceof EngineUnavailableError) cache.missed([keys.epoch]);
      throw error;
    }
  }

  async invalidate(): Promise<void> {
    const [epoch] = await this.cache.invalidate([this.keys.epoch]);
    if (epoch !== undefined && epoch !== '') this.cache.shared.sweeper.clear(epoch);
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    if (tags.length === 0) return;
    // The clock first: whoever sees the new epoch of a tag sees that something happened.
    await this.cache.invalidate([this.keys.clock, ...tags.map((tag) => this.keys.tag(tag))]);
  }

  namespace(name: string): CacheStore {
    return new RedisCacheStore(this.cache, this.keys.namespace(name), spaceIn(this.space, name));
  }

  idOf(key: string): string {
    return idOf(this.space, key);
  }

  onChange(listener: (id: string | undefined) => void): void {
    this.cache.onChange(listener);
  }

  size(): CacheSize {
    return this.cache.near?.size ?? { entries: 0, bytes: 0 };
  }

  private place(key: string, id = idOf(this.space, key)): Place {
    return { space: this.keys, id, entry: this.keys.entry(key) };
  }

  /** The answer comes into memory; without an answer, what was known before serves. */
  private async arrival(
    id: string,
    asked: Promise<StoredEntry | undefined>,
  ): Promise<CacheEntry | undefined> {
    const { cache } = this;
    const ticket = cache.near?.open(id);
    let entry: StoredEntry | undefined;
    try {
      entry = await asked;
    } catch (error) {
      if (ticket) cache.near?.close(id, ticket);
      const last = error instanceof EngineUnavailableError ? cache.lastKnown(id) : undefined;
      if (last) return last;
      throw error;
    }
    if (ticket) cache.keep(id, ticket, entry);
    return entry;
  }
}
