import type { Clock } from '../common/clock.js';
import { toError } from '../common/errors.js';
import type { Duration } from '../common/duration.js';
import type { DepotLogger } from '../common/logger.js';
import { LockLostError } from './lock.errors.js';
import { lockTtlMs } from './lock.options.js';
import type { LockStore } from './lock.store.js';

/** How a lock was granted. */
export interface LockGrant {
  readonly key: string;
  readonly owner: string;
  readonly token: number;
  readonly ttlMs: number;
  /** When it was asked for: by the clock of this process it ends no later than `ttlMs` after this. */
  readonly askedAt: number;
  readonly renew: boolean;
}

export interface LockSurroundings {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly logger: DepotLogger;
  /** The lock is released or lost. */
  readonly ended: (lock: Lock) => void;
}

/** Renewed so often within its ttl: two renewals may fail before it is lost. */
const RENEWALS_PER_TTL = 3;

/** A failed renewal is repeated after this share of the ttl. */
const RETRIES_PER_TTL = 10;

/**
 * A lock that is held. It renews itself until it is released; if it is lost all the same, `signal` aborts.
 *
 * @example
 * await using lock = await locks.acquire('stock:42', { ttl: '10s' });
 * await warehouse.write(update, { fencingToken: lock.fencingToken, signal: lock.signal });
 */
export class Lock implements AsyncDisposable {
  readonly key: string;
  /** Identifies this acquisition, and no other. */
  readonly owner: string;
  /**
   * Greater than that of every earlier grant of the key. Hand it to the protected resource and let that refuse smaller
   * ones: a process that was suspended can't know that its lock is gone, and only the token proves it.
   */
  readonly fencingToken: number;

  private readonly abort = new AbortController();
  private state: 'held' | 'released' | 'lost' = 'held';
  private ttlMs: number;
  private cancelExpiry: () => void = () => undefined;
  private cancelRenewal: () => void = () => undefined;
  /** Why the last renewal failed. */
  private failure: unknown;
  private releasing: Promise<boolean> | undefined;

  constructor(
    private readonly grant: LockGrant,
    private readonly around: LockSurroundings,
  ) {
    this.key = grant.key;
    this.owner = grant.owner;
    this.fencingToken = grant.token;
    this.ttlMs = grant.ttlMs;
    this.keep(grant.askedAt, grant.ttlMs);
  }

  /** Aborts with a `LockLostError` when the lock is lost; not when it is released. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** As far as this process knows. */
  get held(): boolean {
    return this.state === 'held';
  }

  /**
   * Lets the lock last `ttl` from now, and from every renewal that follows.
   *
   * @param ttl default: what it has
   * @throws LockLostError when it is lost or released
   * @throws EngineUnavailableError when the engine does not answer; the lock is held until its time is over
   */
  async extend(ttl: Duration = this.ttlMs): Promise<void> {
    const ttlMs = lockTtlMs(ttl, 'ttl');
    this.check();
    if (!(await this.tryExtend(ttlMs))) this.lose('it expired before it was extended');
    this.check();
  }

  /**
   * Gives the lock to whoever waits for it. Harmless when it is released or lost already. Never rejects: a lock that
   * can't be given back, because the engine is away, ends by its ttl.
   *
   * @returns whether it was held until now
   */
  release(): Promise<boolean> {
    this.releasing ??= this.giveBack();
    return this.releasing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** Gives it up without telling the engine: it is somebody else's, or nobody's. */
  lose(why: string, cause?: unknown): void {
    if (this.state !== 'held') return;
    this.end('lost');
    this.abort.abort(new LockLostError(this.key, why, cause === undefined ? undefined : { cause }));
  }

  private async giveBack(): Promise<boolean> {
    const wasHeld = this.state === 'held';
    if (wasHeld) this.end('released');
    try {
      return (await this.around.store.release(this.key, this.owner)) && wasHeld;
    } catch (error) {
      this.around.logger.warn(
        `Lock ${this.key} could not be released and ends by its ttl: ${toError(error).message}`,
      );
      return false;
    }
  }

  private async tryExtend(ttlMs: number): Promise<boolean> {
    const askedAt = this.around.clock.now();
    if (!(await this.around.store.extend(this.key, this.owner, ttlMs))) return false;
    if (this.state === 'held') this.keep(askedAt, ttlMs);
    return true;
  }

  private keep(askedAt: number, ttlMs: number): void {
    const { clock } = this.around;
    this.cancelTimers();
    this.ttlMs = ttlMs;
    this.failure = undefined;
    this.cancelExpiry = clock.after(askedAt + ttlMs - clock.now(), () => this.expire());
    if (this.grant.renew) this.renewAfter(ttlMs / RENEWALS_PER_TTL);
  }

  private renewAfter(ms: number): void {
    this.cancelRenewal();
    this.cancelRenewal = this.around.clock.after(ms, () => void this.renew());
  }

  private async renew(): Promise<void> {
    try {
      if (await this.tryExtend(this.ttlMs)) return;
      this.lose('somebody else has it, or its time was over before it could be renewed');
    } catch (error) {
      this.failure = error;
      if (this.state === 'held') this.renewAfter(this.ttlMs / RETRIES_PER_TTL);
    }
  }

  private expire(): void {
    const renewed = this.grant.renew ? 'it could not be renewed in time' : 'its time is over';
    this.lose(renewed, this.failure);
    // A renewal that is still on its way would keep it from others.
    if (this.grant.renew) void this.release();
  }

  private check(): void {
    if (this.state === 'released') throw new LockLostError(this.key, 'it was released');
    if (this.state === 'lost') throw this.abort.signal.reason as LockLostError;
  }

  private end(state: 'released' | 'lost'): void {
    this.state = state;
    this.cancelTimers();
    this.around.ended(this);
  }

  private cancelTimers(): void {
    this.cancelExpiry();
    this.cancelRenewal();
  }
}
