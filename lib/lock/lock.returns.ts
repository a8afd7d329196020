import type { Clock } from '../common/clock.js';
import { HAND_OVER_MS, type LockClaim, type LockStore } from './lock.store.js';

/** Spreads those who look at the same moment. */
const JITTER_MS = 50;

/**
 * Gives locks and places in queues back. When the lock went to somebody who may be dead while others wait behind him, it
 * looks again once he should have taken it up: those others don't know of him.
 */
export class LockReturns {
  private readonly underWay = new Set<Promise<unknown>>();
  /** By key, what cancels the look. */
  private readonly watched = new Map<string, () => void>();
  private stopped = false;

  constructor(
    private readonly store: LockStore,
    private readonly clock: Clock,
  ) {}

  /** Says whether the owner had the lock until now. Rejects when the engine does not say; then what it has ends by its ttl. */
  giveBack(claim: LockClaim): Promise<boolean> {
    const released: Promise<boolean> = this.store.release(claim).then(
      ({ held, watch }) => {
        this.underWay.delete(released);
        if (watch) this.watch(claim.key);
        return held;
      },
      (error: unknown) => {
        this.underWay.delete(released);
        throw error;
      },
    );
    this.underWay.add(released);
    return released;
  }

  /** Resolves when everything has been given back; nobody is watched any more. Never rejects. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const cancel of this.watched.values()) cancel();
    this.watched.clear();
    await Promise.allSettled(this.underWay);
  }

  /** To be called when somebody may have been handed the lock who is dead. */
  watch(key: string): void {
    if (this.stopped) return;
    this.watched.get(key)?.();
    const cancel = this.clock.after(HAND_OVER_MS + Math.random() * JITTER_MS, () => {
      this.watched.delete(key);
      // Should it fail, whoever waits looks by himself when the lock should be over.
      this.store.look(key).then(
        (watch) => watch && this.watch(key),
        () => undefined,
      );
    });
    this.watched.set(key, cancel);
  }
}
