import type { Clock } from '../common/clock.js';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
  readonly gathers: boolean;
}

/** A clock that stands still until it is moved. Its timers fire in the order in which they fall due. */
export class ManualClock implements Clock {
  private readonly timers = new Set<Timer>();
  /** How many timers have fired. */
  fired = 0;
  /** Is told when a timer is set that is due already: nobody need move the clock for it. */
  onDue = (): void => undefined;

  constructor(private time = Date.UTC(2030, 0, 1)) {}

  now(): number {
    return this.time;
  }

  after(delayMs: number, callback: () => void, purpose?: 'gather'): () => void {
    const timer = { at: this.time + Math.max(0, delayMs), callback, gathers: purpose === 'gather' };
    this.timers.add(timer);
    if (timer.at <= this.time) this.onDue();
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
    while (this.fireNext(end)) await settled();
    this.time = end;
  }

  /** Fires the first of the timers that are due by then, at its time; says whether there was one. */
  fireNext(until: number): boolean {
    const first = this.first((timer) => timer.at <= until);
    if (first) this.time = Math.max(this.time, first.at);
    return this.fire(first);
  }

  /** Fires a timer that only waits for more to come, now; says whether there was one. */
  fireGathering(): boolean {
    return this.fire(this.first((timer) => timer.gathers));
  }

  private first(wanted: (timer: Timer) => boolean): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) {
      if (wanted(timer) && (!first || timer.at < first.at)) first = timer;
    }
    return first;
  }

  private fire(timer: Timer | undefined): boolean {
    if (!timer) return false;
    this.timers.delete(timer);
    this.fired++;
    timer.callback();
    return true;
  }
}

/** Everything that promises alone have set in motion has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
