import type { Duration } from '../common/duration.js';
import { DepotConfigError, show } from '../common/errors.js';
import { watchClock } from './lock.signal.js';
import type { Lock } from './lock.js';

/**
 * Locks of several keys that are held together, each with a fencing token of its own.
 *
 * @example
 * await using both = await locks.acquire(['account:1', 'account:2']);
 * await bank.transfer(1, 2, { tokens: both.locks.map((lock) => lock.fencingToken) });
 */
export class LockSet implements AsyncDisposable {
  /** Sorted, each once. */
  readonly keys: readonly string[];
  /** Made when somebody asks for it. */
  private any: AbortSignal | undefined;

  constructor(
    /** In the order of `keys`. */
    readonly locks: readonly Lock[],
  ) {
    this.keys = locks.map(({ key }) => key);
  }

  /** The lock of one of the keys. @throws DepotConfigError when it is none of them */
  get(key: string): Lock {
    const lock = this.find(key);
    if (lock) return lock;
    throw new DepotConfigError(`${show(key)} is none of the keys that are held: ${this.keys.join(', ')}`);
  }

  find(key: string): Lock | undefined {
    return this.locks.find((lock) => lock.key === key);
  }

  /** Aborts with a `LockLostError` when one of them is lost. */
  get signal(): AbortSignal {
    this.any ??= watchClock(AbortSignal.any(this.locks.map(({ signal }) => signal)), () =>
      this.locks.map(({ held }) => held),
    );
    return this.any;
  }

  /** Whether all of them are held, as far as this process knows. */
  get held(): boolean {
    return this.locks.every(({ held }) => held);
  }

  /** @see Lock.extend */
  async extend(ttl?: Duration): Promise<void> {
    await Promise.all(this.locks.map((lock) => lock.extend(ttl)));
  }

  /** Releases all of them. Never rejects. @returns whether all were held until now */
  async release(): Promise<boolean> {
    const held = await Promise.all(this.locks.map((lock) => lock.release()));
    return held.every(Boolean);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
