import type { Clock } from '../../common/clock.js';

/** One timer for the soonest of all the times it is told. */
export class Alarm {
  private at = Number.POSITIVE_INFINITY;
  private cancelTimer = (): void => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly ring: () => void,
  ) {}

  /** Rings in so many milliseconds, unless it rings sooner. */
  set(inMs: number): void {
    const at = this.clock.now() + inMs;
    if (at >= this.at) return;
    this.cancelTimer();
    this.at = at;
    this.cancelTimer = this.clock.after(inMs, () => {
      this.at = Number.POSITIVE_INFINITY;
      this.ring();
    });
  }

  cancel(): void {
    this.cancelTimer();
    this.at = Number.POSITIVE_INFINITY;
  }
}
