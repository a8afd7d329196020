import type {
  CacheEngine,
  CacheEntry,
  CacheLease,
  CacheSize,
  CacheStore,
  Claim,
  ClaimRequest,
  MemorySettings,
  NewEntry,
} from '../../../lib/cache/cache.store.js';
import { EngineReplyError, EngineUnavailableError } from '../../../lib/common/errors.js';

/** What is wrong with an engine, and what it was asked. */
export class Troubles {
  away = false;
  /** Nothing can be stored. */
  full = false;
  /** The process knows nothing by itself: everything comes from afar. */
  blind = false;
  /** Answers come once this has resolved. */
  slow: Promise<unknown> | undefined;
  readonly asked: string[] = [];

  async answer<T>(name: string, ask: () => Promise<T>): Promise<T> {
    this.asked.push(name);
    if (this.slow) await this.slow;
    if (this.away) throw new EngineUnavailableError("Can't reach Redis");
    if (this.full && (name === 'write' || name === 'fill')) {
      throw new EngineReplyError('Redis refused: OOM command not allowed');
    }
    return ask();
  }
}

/** An engine that can be away, full, slow, or far from the process. */
export class FragileCacheEngine implements CacheEngine {
  readonly troubles = new Troubles();

  constructor(private readonly inner: CacheEngine) {}

  get filters(): CacheEngine['filters'] {
    return this.inner.filters;
  }

  open(name: string, memory: MemorySettings | undefined): CacheStore {
    return new FragileCacheStore(this.inner.open(name, memory), this.troubles);
  }
}

class FragileCacheStore implements CacheStore {
  constructor(
    private readonly inner: CacheStore,
    private readonly troubles: Troubles,
  ) {}

  peek(key: string, now?: number): CacheEntry | undefined {
    return this.troubles.blind ? undefined : this.inner.peek(key, now);
  }

  read(key: string): Promise<CacheEntry | undefined> {
    return this.troubles.answer('read', () => this.inner.read(key));
  }

  readMany(keys: readonly string[]): Promise<readonly (CacheEntry | undefined)[]> {
    return this.troubles.answer('readMany', () => this.inner.readMany(keys));
  }

  write(entries: readonly (NewEntry & { readonly key: string })[]): Promise<void> {
    return this.troubles.answer('write', () => this.inner.write(entries));
  }

  delete(keys: readonly string[]): Promise<number> {
    return this.troubles.answer('delete', () => this.inner.delete(keys));
  }

  expire(key: string, freshMs: number): Promise<boolean> {
    return this.troubles.answer('expire', () => this.inner.expire(key, freshMs));
  }

  increment(key: string, by: number, freshMs: number): Promise<number> {
    return this.troubles.answer('increment', () => this.inner.increment(key, by, freshMs));
  }

  async claim(requests: readonly ClaimRequest[]): Promise<readonly Claim[]> {
    const claims = await this.troubles.answer('claim', () => this.inner.claim(requests));
    return claims.map((claim) =>
      claim.kind === 'granted' ? { ...claim, lease: this.fragile(claim.lease) } : claim,
    );
  }

  deleteMatching(pattern: string): Promise<number> {
    return this.troubles.answer('deleteMatching', () => this.inner.deleteMatching(pattern));
  }

  invalidate(): Promise<void> {
    return this.troubles.answer('invalidate', () => this.inner.invalidate());
  }

  invalidateTags(tags: readonly string[]): Promise<void> {
    return this.troubles.answer('invalidateTags', () => this.inner.invalidateTags(tags));
  }

  namespace(name: string): CacheStore {
    return new FragileCacheStore(this.inner.namespace(name), this.troubles);
  }

  idOf(key: string): string {
    return this.inner.idOf(key);
  }

  onChange(listener: (id: string | undefined) => void): void {
    this.inner.onChange(listener);
  }

  size(): CacheSize {
    return this.inner.size();
  }

  private fragile(lease: CacheLease): CacheLease {
    return {
      fill: (entry) => this.troubles.answer('fill', () => lease.fill(entry)),
      fail: (error, ttlMs) => this.troubles.answer('fail', () => lease.fail(error, ttlMs)),
      release: () => this.troubles.answer('release', () => lease.release()),
    };
  }
}
