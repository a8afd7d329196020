import { EngineUnavailableError } from '../../../lib/common/errors.js';
import type { LockAnswer, LockStore } from '../../../lib/lock/lock.store.js';

/** A store that can be away, slow, and lose what it should tell; and that counts what it is asked. */
export class FragileLockStore implements LockStore {
  /** 'before': nothing happens. 'after': it happens, but nobody hears of it. */
  away: 'no' | 'before' | 'after' = 'no';
  /** Grants that are not passed on. */
  deaf = false;
  /** Every call waits for it. */
  held: Promise<unknown> | undefined;
  readonly calls: string[] = [];
  /** Who asked for a lock, in that order. */
  readonly owners: string[] = [];
  private readonly grantListeners: ((key: string, owner: string) => void)[] = [];
  private readonly gapListeners: (() => void)[] = [];

  constructor(private readonly inner: LockStore) {}

  tryAcquire(key: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    return this.answer('tryAcquire', () => this.inner.tryAcquire(key, owner, ttlMs));
  }

  acquire(key: string, owner: string, ttlMs: number): Promise<LockAnswer> {
    this.owners.push(owner);
    return this.answer('acquire', () => this.inner.acquire(key, owner, ttlMs));
  }

  extend(key: string, owner: string, ttlMs: number): Promise<boolean> {
    return this.answer('extend', () => this.inner.extend(key, owner, ttlMs));
  }

  release(key: string, owner: string): Promise<boolean> {
    return this.answer('release', () => this.inner.release(key, owner));
  }

  onGranted(listener: (key: string, owner: string) => void): void {
    this.grantListeners.push(listener);
    this.inner.onGranted((key, owner) => {
      if (!this.deaf) listener(key, owner);
    });
  }

  onGap(listener: () => void): void {
    this.gapListeners.push(listener);
  }

  /** Tells of a grant, late or again. */
  tell(key: string, owner: string): void {
    this.grantListeners.forEach((listener) => listener(key, owner));
  }

  /** As after a reconnect. */
  gap(): void {
    this.gapListeners.forEach((listener) => listener());
  }

  private async answer<T>(name: string, ask: () => Promise<T>): Promise<T> {
    this.calls.push(name);
    await this.held;
    if (this.away === 'before') throw new EngineUnavailableError("Can't reach Redis");
    const answer = await ask();
    if (this.away === 'after') throw new EngineUnavailableError('No answer from Redis');
    return answer;
  }
}
