import { EngineClosedError, EngineUnavailableError, toError } from '../../../common/errors.js';

/** After so long a Redis that is there and does nothing is asked again. */
const RETRY_MS = 250;

/** What a connection has done so far. */
export interface Progress {
  /** Bytes that have come. */
  readonly read: number;
  /** Bytes that wait to be sent. */
  readonly backlog: number;
}

interface Outstanding {
  readonly sentAt: number;
  readonly giveUp: (error: Error) => void;
}

/**
 * Gives up what is not answered in time, and lets nothing through until there was an answer again. Redis answers in the
 * order of the calls, so the silence is as long as the oldest one waits, or as the last answer is past: as long as
 * answers keep coming, or parts of one that is large, a long queue is no outage.
 */
export class Breaker {
  private open = false;
  private stopped = false;
  /** In the order in which they were sent. */
  private readonly outstanding = new Set<Outstanding>();
  private lastAnswerAt = 0;
  /** At the last look. */
  private seen: Progress = { read: 0, backlog: 0 };
  private armed = false;
  private recovering = false;
  private retry: NodeJS.Timeout | undefined;
  /** Whether there was another sign of life while one was looked into. */
  private again = false;

  /**
   * @param patienceMs how long it may be silent
   * @param recover asks whether it is back, and does what has to come before everything else; true: it is
   */
  constructor(
    private readonly patienceMs: number,
    private readonly progress: () => Progress,
    private readonly recover: () => Promise<boolean>,
    private readonly changed: (open: boolean) => void,
  ) {}

  get isOpen(): boolean {
    return this.open;
  }

  /** @throws EngineUnavailableError at once when it is open, and when there is no answer in time */
  call<T>(send: () => Promise<T>): Promise<T> {
    if (this.open) return Promise.reject(this.away());
    return new Promise<T>((resolve, reject) => {
      const call = { sentAt: performance.now(), giveUp: reject };
      this.outstanding.add(call);
      this.arm(this.patienceMs);
      send().then(
        (answer) => {
          this.answered(call);
          resolve(answer);
        },
        (error: unknown) => {
          // Refused is answered, too; only a lost connection is not.
          if (error instanceof EngineUnavailableError) this.outstanding.delete(call);
          else this.answered(call);
          reject(toError(error));
        },
      );
    });
  }

  /** There is no connection: nothing is let through. */
  trip(): void {
    const given = [...this.outstanding];
    this.outstanding.clear();
    if (!this.open) {
      this.open = true;
      if (!this.stopped) this.changed(true);
    }
    for (const { giveUp } of given) giveUp(this.away());
  }

  /** Something is to be made good before anything else is let through. */
  owes(): void {
    if (this.open) return;
    this.trip();
    void this.alive();
  }

  /** Lets nothing through any more. */
  stop(): void {
    this.stopped = true;
    this.trip();
  }

  /** There is a sign of life. */
  async alive(): Promise<void> {
    if (!this.open || this.stopped) return;
    this.again = true;
    if (this.recovering) return;
    this.recovering = true;
    try {
      do {
        this.again = false;
        if (await this.recover()) this.close();
      } while (this.isWanted());
    } finally {
      this.recovering = false;
    }
    this.askLater();
  }

  /** It answers, and refuses: nothing else would have it asked again. */
  private askLater(): void {
    clearTimeout(this.retry);
    if (this.open && !this.stopped) this.retry = setTimeout(() => void this.alive(), RETRY_MS).unref();
  }

  private isWanted(): boolean {
    return this.again && this.open;
  }

  private close(): void {
    this.open = false;
    this.lastAnswerAt = performance.now();
    this.changed(false);
  }

  private answered(call: Outstanding): void {
    this.lastAnswerAt = performance.now();
    // Given up already: it was late.
    if (!this.outstanding.delete(call) && this.open) void this.alive();
  }

  /** One timer, which looks again when there is something younger: a timer for each call would cost more than the call. */
  private arm(afterMs: number): void {
    if (this.armed) return;
    this.armed = true;
    this.seen = this.progress();
    setTimeout(() => {
      // Where this process was busy, the answer may lie in the socket, which is read before this is called. It keeps the
      // process up: one that does not would wait for something else to happen.
      setImmediate(() => {
        this.armed = false;
        const leftMs = this.leftMs();
        if (leftMs === undefined) return;
        if (leftMs > 0) this.arm(leftMs);
        else if (this.isMoving()) this.arm(this.patienceMs);
        else this.trip();
      });
    }, afterMs).unref();
  }

  /** Whether something large is on its way, in either direction. */
  private isMoving(): boolean {
    const { read, backlog } = this.progress();
    return read > this.seen.read || backlog < this.seen.backlog;
  }

  private leftMs(): number | undefined {
    for (const { sentAt } of this.outstanding) {
      return Math.max(sentAt, this.lastAnswerAt) + this.patienceMs - performance.now();
    }
    return undefined;
  }

  private away(): EngineUnavailableError {
    return this.stopped
      ? new EngineClosedError('The caches are closed')
      : new EngineUnavailableError(
          'Redis does not answer; what the cache asks of it fails at once until it does',
        );
  }
}
