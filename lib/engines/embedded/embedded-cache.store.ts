import type {
  CacheEntry,
  CacheLease,
  CacheSize,
  CacheStore,
  Claim,
  ClaimRequest,
  NewEntry,
} from '../../cache/cache.store.js';
import { CachedValue } from '../../cache/cache.value.js';
import { KeyPattern } from '../../cache/memory/key.pattern.js';
import { idOf, spaceIn, WHOLE_CACHE } from '../../cache/memory/key.space.js';
import { EngineReplyError, show, toError } from '../../common/errors.js';
import { endOf, type Lease } from './embedded-cache.leases.js';
import { contentOf, type EmbeddedCache } from './embedded-cache.js';

/** A cache in the memory of this process, or a namespace in it. Nobody else changes it, and all is done within the call. */
export class EmbeddedCacheStore implements CacheStore {
  constructor(
    private readonly cache: EmbeddedCache,
    private readonly space = WHOLE_CACHE,
  ) {}

  peek(key: string, now?: number): CacheEntry | undefined {
    return this.cache.find(idOf(this.space, key), now);
  }

  async read(key: string): Promise<CacheEntry | undefined> {
    return this.peek(key);
  }

  async readMany(keys: readonly string[]): Promise<readonly (CacheEntry | undefined)[]> {
    const now = this.cache.clock.now();
    return keys.map((key) => this.peek(key, now));
  }

  async write(entries: readonly (NewEntry & { readonly key: string })[]): Promise<void> {
    const now = this.cache.clock.now();
    for (const entry of entries) this.cache.store(this.space, entry.key, contentOf(entry, now));
  }

  async delete(keys: readonly string[]): Promise<number> {
    return keys.filter((key) => this.cache.delete(idOf(this.space, key))).length;
  }

  async expire(key: string, freshMs: number): Promise<boolean> {
    const id = idOf(this.space, key);
    const entry = this.cache.find(id);
    this.cache.leases.end(id);
    const now = this.cache.clock.now();
    if (!entry || entry.freshUntil <= now) return false;
    this.cache.store(this.space, key, { ...entry, freshUntil: now + freshMs });
    return true;
  }

  async increment(key: string, by: number, freshMs: number): Promise<number> {
    const now = this.cache.clock.now();
    const entry = this.cache.find(idOf(this.space, key));
    const fresh = entry && entry.freshUntil > now ? entry : undefined;
    const sum = sumOf(key, fresh ? numberIn(key, fresh.value) : 0, by);
    const text = String(sum);
    this.cache.store(
      this.space,
      key,
      fresh
        ? { ...fresh, value: new CachedValue(text) }
        : contentOf({ text, freshMs, graceMs: 0, tags: [] }, now),
    );
    return sum;
  }

  async claim(requests: readonly ClaimRequest[]): Promise<readonly Claim[]> {
    return requests.map((request) => this.claimOne(request));
  }

  async deleteMatching(pattern: string): Promise<number> {
    const keys = new KeyPattern(pattern);
    return this.cache.deleteWhere(this.space, (key) => keys.matches(key));
  }

  async invalidate(): Promise<void> {
    this.cache.invalidate(this.space);
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    this.cache.invalidateTags(tags);
  }

  namespace(name: string): CacheStore {
    return new EmbeddedCacheStore(this.cache, spaceIn(this.space, name));
  }

  idOf(key: string): string {
    return idOf(this.space, key);
  }

  onChange(): void {
    // Nobody else can change what is in this process alone.
  }

  size(): CacheSize {
    return { entries: this.cache.size, bytes: this.cache.bytes };
  }

  private claimOne({ key, tags, lateTags, seen, waitedFor }: ClaimRequest): Claim {
    const id = idOf(this.space, key);
    const { leases } = this.cache;
    const entry = this.cache.find(id);
    if (entry && entry.version !== seen) return { kind: 'found', entry };
    const held = leases.find(id);
    if (held) {
      return { kind: 'taken', holder: held.holder, changed: (signal) => endOf(held, signal) };
    }
    const failure = leases.failure(id);
    if (failure && (failure.holder === waitedFor || failure.forAllUntil > this.cache.clock.now())) {
      return { kind: 'failed', error: failure.error };
    }
    const { path } = this.space;
    return { kind: 'granted', lease: this.leaseOf(id, leases.grant(id, { path, key, tags, lateTags })) };
  }

  private leaseOf(id: string, lease: Lease): CacheLease {
    const { cache, space } = this;
    return {
      fill: async (entry) =>
        !lease.ended && cache.store(space, lease.key, contentOf(entry, cache.clock.now())),
      fail: async (error, ttlMs) => {
        if (!lease.ended) cache.leases.fail(id, lease, error, ttlMs);
      },
      release: async () => {
        if (!lease.ended) cache.leases.end(id);
      },
    };
  }
}

function numberIn(key: string, value: CachedValue): number {
  let stored: unknown;
  try {
    stored = value.copy();
  } catch (error) {
    throw new EngineReplyError(`${show(key)} can't be read: ${toError(error).message}`, { cause: error });
  }
  if (typeof stored === 'number') return stored;
  throw new EngineReplyError(`${show(key)} is ${show(stored)}, not a number, and can't be added to`);
}

function sumOf(key: string, stored: number, by: number): number {
  // -0 is written otherwise than other numbers; it is 0 then.
  const sum = stored + by + 0;
  if (Math.abs(sum) <= Number.MAX_SAFE_INTEGER) return sum;
  throw new EngineReplyError(
    `${show(key)} would be ${sum}: only sums up to ${Number.MAX_SAFE_INTEGER} are exact`,
  );
}
