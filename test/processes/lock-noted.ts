import {
  EngineUnavailableError,
  LockLostError,
  LockTimeoutError,
  type AcquireOptions,
  type Lock,
  type LockService,
} from 'nestjs-depot';
import { monotonic } from '../model/cache-history.js';
import { TILLS, type Wish } from './lock-keys.js';
import type { LedgerClient } from './lock-notes.js';

/** Nobody waits longer for the next attempt to connect. */
const RECONNECTED_MS = 3_000;

/** Why somebody does not want a lock any more. */
export class GaveUp extends Error {}

/** Terms of an attempt, all of them said. */
export interface Terms extends AcquireOptions {
  /** 0: one try. */
  readonly wait: number;
  readonly ttl: number;
}

/** Locks as a process has them, and the ledger is told of whatever it asks, is answered and sees. */
export class NotedLocks {
  constructor(
    private readonly locks: LockService,
    private readonly ledger: LedgerClient,
  ) {}

  /** Returns what it was granted, and held when it came. */
  async want(wish: Wish, terms: Terms, last = false): Promise<readonly Lock[] | undefined> {
    const { keys, options, permits, limit } = wish;
    const { wait, ttl: ttlMs, renew = true, within } = terms;
    const asked = monotonic();
    const acquire = (): Promise<readonly Lock[] | null> => this.acquire(keys, { ...terms, ...options });
    const locks = await this.attempt(keys, wait, last, last ? () => untilReached(acquire) : acquire);
    if (!locks) return undefined;
    const granted = monotonic();
    if (!locks.every(({ held }) => held)) {
      await this.release(locks);
      return undefined;
    }
    for (const { key, owner, fencingToken: token } of locks) {
      // Had already, and only once more now.
      if (within && key === TILLS[0]) continue;
      const how = { permits, limit, ttlMs, renews: renew };
      this.ledger.note({ kind: 'granted', key, owner, token, ...how, asked, granted });
    }
    return locks;
  }

  /** Does something under the locks; says whether all of that was let through. */
  async write({ how }: Wish, locks: readonly Lock[]): Promise<boolean> {
    const admitted = await Promise.all(
      locks.map(({ key, owner, fencingToken: token }) => this.ledger.write({ key, owner, token, how })),
    );
    return admitted.every(Boolean);
  }

  /** Whether all of them are held. */
  look(locks: readonly Lock[]): boolean {
    const looks = (lock: Lock): boolean => {
      const at = monotonic();
      const { held, owner } = lock;
      if (!held && !lock.signal.aborted) this.ledger.wrong('look', `the signal of ${lock.key} knows nothing`);
      this.ledger.note({ kind: 'looked', owner, at, held });
      return held;
    };
    return locks.map(looks).every(Boolean);
  }

  async extend(locks: readonly Lock[]): Promise<void> {
    await this.attempt(['extend'], 0, false, () => Promise.all(locks.map((lock) => lock.extend())));
  }

  async release(locks: readonly Lock[]): Promise<void> {
    const releases = async (lock: Lock): Promise<void> => {
      const called = monotonic();
      const held = await lock.release();
      // It was held when that was called, or is known to be lost now.
      this.ledger.note({ kind: 'looked', owner: lock.owner, at: held ? called : monotonic(), held });
    };
    await this.attempt(['release'], 0, false, () => Promise.all(locks.map(releases)));
  }

  private async acquire(keys: readonly string[], terms: Terms): Promise<readonly Lock[] | null> {
    const [key = '', ...others] = keys;
    const isOne = others.length === 0;
    const { wait, signal: _, ...how } = terms;
    if (wait > 0) {
      return isOne ? [await this.locks.acquire(key, terms)] : (await this.locks.acquire(keys, terms)).locks;
    }
    const found = isOne ? await this.locks.tryAcquire(key, how) : await this.locks.tryAcquire(keys, how);
    if (!found) return null;
    return 'locks' in found ? found.locks : [found];
  }

  /** Says when it begins and ends, and what goes wrong. */
  private async attempt<T>(
    keys: readonly string[],
    waitMs: number,
    last: boolean,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    const id = this.ledger.nextId();
    this.ledger.note({ kind: 'asked', id, keys, waitMs, last, begun: monotonic() });
    const answered = (outcome: string): void =>
      this.ledger.note({ kind: 'answered', id, ended: monotonic(), outcome });
    try {
      const value = await work();
      answered(value === null ? 'taken' : 'granted');
      return value;
    } catch (error) {
      answered(this.whyNot(error));
      return undefined;
    }
  }

  private whyNot(error: unknown): string {
    if (error instanceof LockTimeoutError) return 'timed out';
    if (error instanceof EngineUnavailableError) return 'unavailable';
    if (error instanceof LockLostError) return 'lost';
    if (error instanceof GaveUp) return 'gave up';
    this.ledger.wrong('attempt', error);
    return 'failed';
  }
}

/** Connections that were lost come back a little later, and are not waited for when one begins to wait for a lock. */
async function untilReached<T>(work: () => Promise<T>): Promise<T> {
  const until = monotonic() + RECONNECTED_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof EngineUnavailableError) || monotonic() > until) throw error;
    }
  }
}
