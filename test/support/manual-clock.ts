import type { Clock } from '../../lib/common/clock.js';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is moved. Its timers fire in the order in which they fall due. */
export class ManualClock implements Clock {
  private readonly timers = new Set<Timer>();
  /** How many timers have fired. */
  fired = 0;

  constructor(private time = Date.UTC(2030, 0, 1)) {}

  now(): number {
    return this.time;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.time + Math.max(0, delayMs), callback };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /** Timers that are waiting. */
  get pending(): number {
    return this.timers.size;
  }

  /** Moves the time without firing anything, as a clock that is set does. */
  jump(ms: number): void {
    this.time += ms;
  }

  /** Moves the time forward, timer by timer; what each of them set in motion settles before the next one. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settled();
    for (let timer = this.next(end); timer; timer = this.next(end)) {
      this.timers.delete(timer);
      this.time = Math.max(this.time, timer.at);
      this.fired++;
      timer.callback();
      await settled();
    }
    this.time = end;
  }

  private next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.at <= end && (!first || timer.at < first.at)) first = timer;
    }
    return first;
  }
}

/** Everything that promises alone have set in motion has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
