import type { MemorySettings } from '../../cache/cache.store.js';
import { EntryMemory } from '../../cache/memory/entry.memory.js';
import type { Clock } from '../../common/clock.js';

interface About {
  /** Path of the namespace of the key. */
  readonly path: string;
  readonly key: string;
}

/** Somebody makes the value of a key. */
export interface Lease extends About {
  readonly holder: string;
  readonly tags: readonly string[];
  readonly lateTags: boolean;
  /** Whom to tell when it ends. */
  readonly waiting: Set<() => void>;
  ended: boolean;
}

/** How somebody failed who was making a value. */
export interface Failure extends About {
  readonly holder: string;
  readonly error: string;
  /** Until then it is the answer for everybody; later, for those who have waited for him. */
  readonly forAllUntil: number;
}

/** Those who waited have long asked again by then. */
const KEPT_FOR_WAITERS_MS = 1_000;
const FAILURES: MemorySettings = {
  maxEntries: 10_000,
  maxBytes: 16 * 1_024 * 1_024,
  policy: 'ttl',
  ttlMs: Number.POSITIVE_INFINITY,
};

/** Who makes the value of which key, and who has failed to. A lease has ended as soon as it could not store any more. */
export class CacheLeases {
  private readonly leases = new Map<string, Lease>();
  private readonly failures: EntryMemory<Failure>;
  private granted = 0;

  constructor(private readonly clock: Clock) {
    this.failures = new EntryMemory(FAILURES, clock);
  }

  /** @param id the key, as nobody else in the cache has it */
  find(id: string): Lease | undefined {
    return this.leases.get(id);
  }

  failure(id: string): Failure | undefined {
    return this.failures.peek(id);
  }

  grant(id: string, about: Pick<Lease, 'path' | 'key' | 'tags' | 'lateTags'>): Lease {
    this.end(id);
    const { path, key, tags, lateTags } = about;
    const holder = `${++this.granted}`;
    const waiting = new Set<() => void>();
    const lease = { holder, path, key, tags: tags.slice(), lateTags, waiting, ended: false };
    this.leases.set(id, lease);
    return lease;
  }

  /** Ends whatever there is of the key: a lease, or the failure of one. */
  end(id: string): void {
    this.failures.delete(id);
    const lease = this.leases.get(id);
    if (!lease) return;
    this.leases.delete(id);
    tell(lease);
  }

  /** There are few at a time, and so all are looked at. */
  endWhere(ends: (lease: Lease) => boolean): void {
    for (const [id, lease] of this.leases) if (ends(lease)) this.end(id);
  }

  /** Ends leases of such keys and forgets failures. */
  endAll(isMeant: (about: About) => boolean): void {
    this.endWhere(isMeant);
    for (const id of this.failures.keys()) {
      const failure = this.failures.peek(id);
      if (failure && isMeant(failure)) this.failures.delete(id);
    }
  }

  fail(id: string, { holder, path, key }: Lease, error: string, ttlMs: number): void {
    this.end(id);
    const now = this.clock.now();
    const keptUntil = now + Math.max(ttlMs, KEPT_FOR_WAITERS_MS);
    const failure = { path, key, holder, error, forAllUntil: now + ttlMs };
    this.failures.set(id, failure, error.length, keptUntil);
  }

  close(): void {
    this.endAll(() => true);
  }
}

/** Resolves when the lease ends, or at once when the signal aborts. */
export function endOf(lease: Lease, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (lease.ended || signal?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      lease.waiting.delete(done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    lease.waiting.add(done);
    signal?.addEventListener('abort', done);
  });
}

function tell(lease: Lease): void {
  lease.ended = true;
  for (const done of [...lease.waiting]) done();
}
