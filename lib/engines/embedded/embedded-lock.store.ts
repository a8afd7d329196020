import type { Clock } from '../../common/clock.js';
import { HAND_OVER_MS, TOKEN_KEPT_MS, type LockAnswer, type LockStore } from '../../lock/lock.store.js';
import { Records } from './records.js';

type Granted = (key: string, owner: string) => void;

interface LockRecord {
  holder: { readonly owner: string; readonly deadline: number } | undefined;
  token: number;
  /** Owners that wait, the first one first, with the ttl that each asked for. */
  readonly waiting: Map<string, number>;
}

/** Locks in the memory of this process. */
export class EmbeddedLockStore implements LockStore {
  private readonly records: Records<LockRecord>;
  private readonly listeners: Granted[] = [];

  constructor(private readonly clock: Clock) {
    this.records = new Records(clock);
  }

  tryAcquire(key: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    return Promise.resolve(this.ask(key, owner, ttlMs));
  }

  acquire(key: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    const answer = this.ask(key, owner, ttlMs);
    if (!answer.granted) this.current(key)?.waiting.set(owner, ttlMs);
    return Promise.resolve(answer);
  }

  extend(key: string, owner: string, ttlMs: number): Promise<boolean> {
    const lock = this.current(key);
    if (lock?.holder?.owner !== owner) return Promise.resolve(false);
    this.hold(key, lock, owner, ttlMs);
    return Promise.resolve(true);
  }

  release(key: string, owner: string): Promise<boolean> {
    const lock = this.current(key);
    lock?.waiting.delete(owner);
    if (lock?.holder?.owner !== owner) return Promise.resolve(false);
    this.handOver(key, lock);
    return Promise.resolve(true);
  }

  onGranted(listener: Granted): void {
    this.listeners.push(listener);
  }

  onGap(): void {
    // Nothing is lost on the way within one process.
  }

  /** Drops everything and stops the timer. */
  close(): void {
    this.records.close();
  }

  private ask(key: string, owner: string, ttlMs: number): LockAnswer {
    const lock = this.current(key) ?? { holder: undefined, token: 0, waiting: new Map<string, number>() };
    if (lock.holder && lock.holder.owner !== owner) {
      return { granted: false, leftMs: lock.holder.deadline - this.clock.now() };
    }
    if (!lock.holder) this.mint(lock);
    this.hold(key, lock, owner, ttlMs);
    return { granted: true, token: lock.token };
  }

  /** The lock as it stands now: an owner whose time is over has lost it to the first waiter. */
  private current(key: string): LockRecord | undefined {
    const lock = this.records.get(key);
    if (lock?.holder && lock.holder.deadline <= this.clock.now()) this.handOver(key, lock);
    return lock;
  }

  private handOver(key: string, lock: LockRecord): void {
    lock.holder = undefined;
    for (const [next, ttlMs] of lock.waiting) {
      lock.waiting.delete(next);
      this.mint(lock);
      this.hold(key, lock, next, Math.min(ttlMs, HAND_OVER_MS));
      queueMicrotask(() => this.listeners.forEach((listener) => listener(key, next)));
      return;
    }
    this.records.set(key, lock, TOKEN_KEPT_MS);
  }

  private hold(key: string, lock: LockRecord, owner: string, ttlMs: number): void {
    lock.holder = { owner, deadline: this.clock.now() + ttlMs };
    this.records.set(key, lock, ttlMs + TOKEN_KEPT_MS);
  }

  /** From the clock, in microseconds, so that tokens grow even when the last one is forgotten. */
  private mint(lock: LockRecord): void {
    lock.token = Math.max(lock.token + 1, Math.floor(this.clock.now()) * 1_000);
  }
}
