import { expect } from '@jest/globals';
import { EmbeddedLockStore } from '../../../lib/engines/embedded/embedded-lock.store.js';
import { LockService } from '../../../lib/lock/lock.service.js';
import { ALL_PERMITS, type LockClaim, type LockRelease } from '../../../lib/lock/lock.store.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { FragileLockStore } from './fragile-lock.store.js';

/** Ttl of locks that are acquired without one. */
export const TTL = 9_000;

/** More than any jitter. */
export const SLACK = 100;

export function claimOf(owner: string, over: Partial<LockClaim> = {}): LockClaim {
  return { key: 'k', owner, ttlMs: TTL, permits: ALL_PERMITS, limit: ALL_PERMITS, ...over };
}

/** A process with a lock service, beside others that share the engine. */
export class LockScene {
  readonly clock = new ManualClock();
  readonly engine = new EmbeddedLockStore(this.clock);
  readonly logger = new RecordingLogger();
  readonly store: FragileLockStore;
  readonly locks: LockService;
  private readonly processes: { readonly store: FragileLockStore; readonly locks: LockService }[] = [];
  private readonly unhandled: unknown[] = [];

  constructor() {
    process.on('unhandledRejection', this.onUnhandled);
    ({ store: this.store, locks: this.locks } = this.process());
  }

  /** One more process. */
  process(): { readonly store: FragileLockStore; readonly locks: LockService } {
    const store = new FragileLockStore(this.engine);
    const locks = new LockService(store, { ttlMs: TTL }, this.clock, this.logger);
    this.processes.push({ store, locks });
    return { store, locks };
  }

  /** Somebody in another process has the lock. */
  async taken(ttlMs = TTL, key = 'k'): Promise<void> {
    const answer = await this.engine.tryAcquire(claimOf('stranger', { key, ttlMs }));
    expect(answer).toMatchObject({ granted: true });
  }

  /** He has it no more. */
  async given(key = 'k'): Promise<LockRelease> {
    const released = await this.engine.release(claimOf('stranger', { key }));
    await settled();
    return released;
  }

  async isFree(key = 'k'): Promise<boolean> {
    const probe = claimOf('probe', { key });
    const { granted } = await this.engine.tryAcquire(probe);
    await this.engine.release(probe);
    return granted;
  }

  /** What was logged of locks that are lost. */
  get losses(): readonly string[] {
    return this.logger.warnings.filter((warning) => warning.includes('is lost'));
  }

  /** Ends all of it. Nothing is left to happen, and nothing has failed unseen. */
  async close(): Promise<void> {
    for (const { store, locks } of this.processes) {
      store.recover();
      await locks.stop();
    }
    await settled();
    process.off('unhandledRejection', this.onUnhandled);
    this.engine.close();
    expect(this.unhandled).toEqual([]);
    expect(this.clock.pending).toBe(0);
  }

  private readonly onUnhandled = (reason: unknown): void => void this.unhandled.push(reason);
}

/** What has become of a promise so far. */
export interface Outcome<T> {
  readonly state: 'pending' | 'fulfilled' | 'rejected';
  readonly value?: T;
  readonly reason?: unknown;
}

/** Looks at a promise without waiting for it. */
export function outcomeOf<T>(promise: Promise<T>): Outcome<T> {
  const outcome: Outcome<T> = { state: 'pending' };
  promise.then(
    (value) => Object.assign(outcome, { state: 'fulfilled', value }),
    (reason: unknown) => Object.assign(outcome, { state: 'rejected', reason }),
  );
  return outcome;
}
