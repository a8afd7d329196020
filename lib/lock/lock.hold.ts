import { elapsed, type Clock } from '../common/clock.js';
import { toError } from '../common/errors.js';
import type { DepotLogger } from '../common/logger.js';
import { LockLostError } from './lock.errors.js';
import type { LockReturns } from './lock.returns.js';
import { watchClock } from './lock.signal.js';
import type { LockClaim, LockStore } from './lock.store.js';

/** How a lock was granted. */
export interface LockGrant {
  readonly claim: LockClaim;
  readonly token: number;
  readonly renew: boolean;
  /** By the `elapsed` of this process it is over no later than this. */
  readonly until: number;
  /** It was handed over, for less than its ttl: it has to be taken up. */
  readonly handed: boolean;
}

export interface LockSurroundings {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly logger: DepotLogger;
  readonly returns: LockReturns;
  /** The lock is held. */
  readonly began: (hold: Hold) => void;
  readonly ended: (hold: Hold, how: 'released' | 'lost') => void;
}

/** Renewed so often within the time it has: two renewals may fail before it is lost. */
const RENEWALS = 3;

/** A failed renewal is repeated after this share of that time. */
const RETRIES = 10;

/** A lock that this process has: keeps it until the last of its handles is released, and knows when it is lost. */
export class Hold {
  private state: 'held' | 'released' | 'lost' = 'held';
  private handles = 0;
  private ttlMs: number;
  private until: number;
  /** What it has been granted last. */
  private spanMs: number;
  private renews: boolean;
  /** Questions under way that let it last longer. */
  private extending = 0;
  /** How many there were so far. */
  private asks = 0;
  private cancelTimer: () => void = () => undefined;
  /** Why the last of them failed. */
  private failure: unknown;
  private loss: LockLostError | undefined;
  /** Made when somebody asks for it. */
  private abort: AbortController | undefined;

  constructor(
    readonly grant: LockGrant,
    private readonly around: LockSurroundings,
  ) {
    this.ttlMs = grant.claim.ttlMs;
    this.until = grant.until;
    this.spanMs = grant.until - this.now();
    this.renews = grant.renew || grant.handed;
    around.began(this);
    this.plan();
  }

  get key(): string {
    return this.grant.claim.key;
  }

  /**
   * Whether it is held. A timer says when its time is over, and does not get to it while something blocks the event loop; so
   * everybody who asks looks at the clock.
   */
  get isHeld(): boolean {
    if (this.state === 'held' && this.now() >= this.until) this.expire();
    return this.state === 'held';
  }

  /** Aborts when it is lost. */
  get signal(): AbortSignal {
    if (!this.abort) {
      this.abort = new AbortController();
      watchClock(this.abort.signal, () => this.isHeld);
    }
    if (!this.isHeld && this.loss) this.abort.abort(this.loss);
    return this.abort.signal;
  }

  /** One more that has to be released. @throws LockLostError when it is not held any more */
  enter(): void {
    this.check();
    this.handles++;
  }

  /** One less; the last one gives the lock back. Says whether it was held until now. Never rejects. */
  leave(): Promise<boolean> {
    const wasHeld = this.isHeld;
    if (--this.handles > 0) return Promise.resolve(wasHeld);
    // First of all, somebody may be waiting for it.
    const givenBack = this.giveBack();
    if (!wasHeld) return givenBack.then(() => false);
    this.end('released');
    return givenBack;
  }

  /** @throws LockLostError, EngineUnavailableError */
  async extend(ttlMs = this.ttlMs): Promise<void> {
    this.check();
    if (!(await this.tryExtend(ttlMs))) this.lose('it expired before it was extended');
    this.check();
  }

  /** Gives it up without telling the engine: it is somebody else's, or nobody's. */
  lose(why: string, cause?: unknown): void {
    if (this.state !== 'held') return;
    this.end('lost');
    this.loss = new LockLostError(this.key, why, cause === undefined ? undefined : { cause });
    this.abort?.abort(this.loss);
  }

  /** @throws LockLostError */
  check(): void {
    if (this.isHeld) return;
    throw this.loss ?? new LockLostError(this.key, 'it was released');
  }

  private giveBack(): Promise<boolean> {
    return this.around.returns.giveBack(this.grant.claim).catch((error: unknown) => {
      this.around.logger.warn(
        `Lock ${this.key} could not be released and ends by its ttl: ${toError(error).message}`,
      );
      return false;
    });
  }

  private async tryExtend(ttlMs: number): Promise<boolean> {
    const askedAt = this.now();
    const ask = ++this.asks;
    this.extending++;
    this.shorten(ttlMs, askedAt + ttlMs);
    try {
      if (!(await this.around.store.extend(this.grant.claim, ttlMs))) return false;
      // One that was asked for later goes, whatever comes of it.
      if (this.state === 'held' && ask === this.asks) this.extended(ttlMs, askedAt);
      return true;
    } catch (error) {
      this.failure = error;
      if (this.state === 'held') this.wakeAt(this.now() + this.spanMs / RETRIES);
      throw error;
    } finally {
      this.extending--;
    }
  }

  /** The engine may do it at any moment, and its answer be late or lost. */
  private shorten(spanMs: number, until: number): void {
    if (until >= this.until) return;
    this.until = until;
    this.spanMs = spanMs;
    this.wakeAt(until);
  }

  private extended(ttlMs: number, askedAt: number): void {
    this.ttlMs = ttlMs;
    this.spanMs = ttlMs;
    this.until = askedAt + ttlMs;
    this.renews = this.grant.renew;
    this.failure = undefined;
    this.plan();
  }

  /** One timer for both: the next renewal, or the end. */
  private plan(): void {
    this.wakeAt(this.renews ? this.until - this.spanMs * (1 - 1 / RENEWALS) : this.until);
  }

  private wakeAt(at: number): void {
    this.cancelTimer();
    const ms = Math.min(at, this.until) - this.now();
    this.cancelTimer = this.around.clock.after(Math.ceil(ms), this.wake);
  }

  private readonly wake = (): void => {
    if (!this.isHeld) return;
    this.wakeAt(this.until);
    // One that is under way may be for another ttl, which this one would take back.
    if (this.renews && this.extending === 0) void this.renew();
  };

  private async renew(): Promise<void> {
    const isOurs = await this.tryExtend(this.ttlMs).catch(() => true);
    if (!isOurs) this.report('somebody else has it, or its time was over before it could be renewed');
  }

  private expire(): void {
    const { renew } = this.grant;
    this.report(renew ? 'it could not be renewed in time' : 'its time is over', this.failure);
    // What is still on its way, or may have arrived, would keep it from others.
    if (this.extending > 0 || this.failure !== undefined) void this.giveBack();
  }

  /** Nobody may be listening to the signal. */
  private report(why: string, cause?: unknown): void {
    if (this.state !== 'held') return;
    this.lose(why, cause);
    if (this.loss) this.around.logger.warn(this.loss.message);
  }

  private end(state: 'released' | 'lost'): void {
    this.state = state;
    this.cancelTimer();
    this.around.ended(this, state);
  }

  private now(): number {
    return elapsed(this.around.clock);
  }
}
