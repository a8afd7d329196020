import type { Duration } from '../common/duration.js';
import { DepotConfigError } from '../common/errors.js';
import { LockLostError } from './lock.errors.js';
import type { Hold } from './lock.hold.js';
import { lockTtlMs } from './lock.options.js';
import { ALL_PERMITS } from './lock.store.js';

/**
 * A lock that is held. It renews itself until it is released; if it is lost all the same, `signal` aborts.
 *
 * @example
 * await using lock = await locks.acquire('stock:42', { ttl: '10s' });
 * await warehouse.write(update, { fencingToken: lock.fencingToken, signal: lock.signal });
 */
export class Lock implements AsyncDisposable {
  readonly key: string;
  /** Identifies this acquisition, and no other: `<host>:<pid>:<random text>`. */
  readonly owner: string;
  /**
   * Greater than that of every earlier grant of the key. Hand it to the protected resource and let that refuse smaller
   * ones: a process that was suspended can't know that its lock is gone, and only the token proves it.
   */
  readonly fencingToken: number;
  /** How many of the key's permits it takes: `Infinity` when it is held alone. */
  readonly permits: number;
  private releasing: Promise<boolean> | undefined;

  /** @throws LockLostError when the hold is over already */
  constructor(private readonly hold: Hold) {
    const { claim, token } = hold.grant;
    hold.enter();
    this.key = claim.key;
    this.owner = claim.owner;
    this.fencingToken = token;
    this.permits = claim.permits === ALL_PERMITS ? Number.POSITIVE_INFINITY : claim.permits;
  }

  /**
   * Aborts with a `LockLostError` when the lock is lost; not when it is released. It is truthful at every moment: when the
   * event loop was blocked for longer than the ttl, `aborted` is true before any timer has run.
   */
  get signal(): AbortSignal {
    return this.hold.signal;
  }

  /** As far as this process knows. */
  get held(): boolean {
    return !this.releasing && this.hold.isHeld;
  }

  /**
   * Lets the lock last `ttl` from now, and from every renewal that follows.
   *
   * @param ttl default: what it has
   * @throws LockLostError when it is lost or released
   * @throws EngineUnavailableError when the engine does not answer; the lock is held until its time is over
   */
  async extend(ttl?: Duration): Promise<void> {
    const ttlMs = ttl === undefined ? undefined : lockTtlMs(ttl, 'ttl');
    this.check();
    await this.hold.extend(ttlMs);
  }

  /**
   * The same lock once more, for somebody who releases what he was given: it is held until every one of them is released.
   *
   * @param permits as many as it has, or less
   * @throws LockLostError when it is lost or released
   * @throws DepotConfigError when it has fewer permits: waiting for the others would be waiting for oneself
   */
  again(permits = this.permits): Lock {
    this.check();
    if (permits <= this.permits) return new Lock(this.hold);
    throw new DepotConfigError(
      `Lock ${this.key} is held with ${this.permits} of its permits and can't be held with ${permits} within that; expected the greater share first`,
    );
  }

  /**
   * Gives the lock to whoever waits for it. Harmless when it is released or lost already. Never rejects: a lock that
   * can't be given back, because the engine is away, ends by its ttl.
   *
   * @returns whether it was held until now; false says that it was lost, and that others may have had it meanwhile
   */
  release(): Promise<boolean> {
    this.releasing ??= this.hold.leave();
    return this.releasing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  private check(): void {
    if (this.releasing) throw new LockLostError(this.key, 'it was released');
    this.hold.check();
  }
}
