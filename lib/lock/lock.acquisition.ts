import { elapsed } from '../common/clock.js';
import { EngineUnavailableError } from '../common/errors.js';
import { LockTimeoutError } from './lock.errors.js';
import { Hold, type LockSurroundings } from './lock.hold.js';
import type { HandOver, LockAnswer, LockClaim } from './lock.store.js';
import type { LockWaiters } from './lock.waiters.js';

export interface Patience {
  readonly waitMs: number;
  /** What the caller has said, for all keys together. */
  readonly saidMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Pause of a waiter whose engine is away. */
const RETRY_MS = 500;

/**
 * One that wants a lock: asks, waits to be handed it, and has it or gives up. Whoever gives up says so to the engine, after
 * the last answer has come, so that he neither stands in the queue nor keeps what he was granted.
 */
export class Acquisition {
  /** When it looks by itself, should it be the first of its line. */
  lookAt = Number.POSITIVE_INFINITY;
  private state: 'open' | 'granted' | 'over' = 'open';
  private asking = false;
  /** It should look once more when the answer is there. */
  private again = false;
  /** When, by the clock of this process, the engine had not yet had the time that it told. */
  private place: { readonly askedAt: number; readonly at: number } | undefined;
  /** It may overtake the answer that says to wait for it. */
  private early: HandOver | undefined;
  private failure: EngineUnavailableError | undefined;
  private cancelRetry: () => void = () => undefined;
  private cancelTimeout: () => void = () => undefined;
  private resolve: (hold: Hold) => void = () => undefined;
  private reject: (reason: unknown) => void = () => undefined;

  constructor(
    readonly claim: LockClaim,
    private readonly renew: boolean,
    private readonly patience: Patience,
    private readonly waiters: LockWaiters,
    private readonly around: LockSurroundings,
  ) {}

  /** @throws LockTimeoutError, EngineUnavailableError when the first question is not answered, the reason of who made it give up */
  run(): Promise<Hold> {
    const { waitMs, signal } = this.patience;
    this.waiters.enter(this);
    this.cancelTimeout = this.around.clock.after(waitMs, () => this.timeOut());
    signal?.addEventListener('abort', this.aborted);
    const granted = new Promise<Hold>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.ask();
    return granted;
  }

  /** Has the lock, until then. */
  handed(handOver: HandOver): void {
    if (this.state !== 'open') return;
    if (this.asking || !this.place) {
      this.early = handOver;
      return;
    }
    const until = this.place.askedAt + (handOver.until - this.place.at);
    if (until > this.now()) this.grant(handOver.token, until, true);
    // Too late: this process is out of the queue, with all who wait in it.
    else this.waiters.lookAll(this.claim.key);
  }

  /** Asks again: something may have been missed. */
  look(): void {
    if (this.state !== 'open') return;
    if (this.asking) this.again = true;
    else this.ask();
  }

  giveUp(reason: unknown): void {
    if (this.state !== 'open') return;
    this.end('over');
    this.reject(reason);
    if (!this.asking) this.giveBack();
  }

  private ask(): void {
    this.cancelRetry();
    this.asking = true;
    this.again = false;
    const askedAt = this.now();
    this.around.store.acquire(this.claim).then(
      (answer) => this.answered(askedAt, answer),
      (error: unknown) => this.failed(error),
    );
  }

  private answered(askedAt: number, answer: LockAnswer): void {
    this.asking = false;
    if (this.state === 'over') {
      this.giveBack();
      return;
    }
    if (answer.granted) {
      const until = askedAt + this.claim.ttlMs;
      if (until > this.now()) this.grant(answer.token, until, false);
      else this.ask();
      return;
    }
    this.place = { askedAt, at: answer.at };
    const { early } = this;
    this.early = undefined;
    if (early) this.handed(early);
    else if (this.again) this.ask();
    else this.waiters.takenFor(this, answer.leftMs);
  }

  private failed(error: unknown): void {
    this.asking = false;
    if (this.state === 'over') {
      this.giveBack();
      return;
    }
    const isFirst = !this.place && !this.failure;
    if (isFirst || !(error instanceof EngineUnavailableError)) {
      this.giveUp(error);
      return;
    }
    this.failure = error;
    this.cancelRetry = this.around.clock.after(RETRY_MS * (1 + Math.random()), () => this.look());
  }

  private grant(token: number, until: number, handed: boolean): void {
    this.end('granted');
    const { claim, renew } = this;
    this.resolve(new Hold({ claim, token, renew, until, handed }, this.around));
  }

  private end(state: 'granted' | 'over'): void {
    this.state = state;
    this.cancelTimeout();
    this.cancelRetry();
    this.patience.signal?.removeEventListener('abort', this.aborted);
    this.waiters.leave(this);
  }

  private timeOut(): void {
    const { failure } = this;
    this.giveUp(new LockTimeoutError(this.claim.key, this.patience.saidMs, failure && { cause: failure }));
  }

  private readonly aborted = (): void => this.giveUp(this.patience.signal?.reason);

  /** If that fails, too, what it has ends by its ttl. */
  private giveBack(): void {
    this.around.returns.giveBack(this.claim).catch(() => undefined);
  }

  private now(): number {
    return elapsed(this.around.clock);
  }
}
