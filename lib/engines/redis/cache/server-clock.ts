import type { Clock } from '../../../common/clock.js';

/** How far Redis' clock, by which scripts live, is ahead of that of this process. */
export class ServerClock {
  /** Milliseconds. */
  ahead = 0;
  private learntAt = Number.NEGATIVE_INFINITY;

  constructor(readonly local: Clock) {}

  /** Whether to ask again, the next time that something is asked anyway. */
  get isDue(): boolean {
    return this.local.now() - this.learntAt >= 60_000;
  }

  /** Nobody needs to ask for a while. */
  asked(): void {
    this.learntAt = this.local.now();
  }

  /**
   * @param time the answer to TIME: seconds and microseconds
   * @param askedAt by the local clock
   */
  learn(time: readonly [string | number, string | number], askedAt: number): void {
    const serverMs = Number(time[0]) * 1_000 + Number(time[1]) / 1_000;
    this.ahead = serverMs - (askedAt + this.local.now()) / 2;
    this.asked();
  }
}
