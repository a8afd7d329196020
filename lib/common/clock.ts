import { Glances } from './glances.js';

/** Where an engine takes its time from. Tests inject one that stands still. */
export interface Clock {
  /** Milliseconds since the epoch, with whatever fraction the source has. */
  now(): number;
  /** The same for those who ask often: it may be behind by what the present turn of the event loop has taken. Left out: `now`. */
  readonly glance?: () => number;
  /** Milliseconds since some moment, which nobody moves by setting the clock. Left out: `now`. */
  readonly elapsed?: () => number;
  /**
   * Calls `callback` once after `delayMs`. The timer does not keep the process alive. Returns what cancels it.
   *
   * @param purpose `gather`: it only waits for more to come, so that a clock that stands still may call back as soon as nothing more does
   */
  after(delayMs: number, callback: () => void, purpose?: 'gather'): () => void;
}

/** Node cuts longer timers to 1 ms, so a longer wait is made of several. */
const LONGEST_TIMER_MS = 2_147_483_647;

// The immediate keeps the process up for this turn: one that did not would come after whatever wakes the process next.
const glances = new Glances(Date.now, setImmediate);

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  glance: () => glances.glance(),
  elapsed: () => performance.now(),
  after(delayMs, callback) {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const ms = Math.min(leftMs, LONGEST_TIMER_MS);
      timer = setTimeout(() => (leftMs > ms ? arm(leftMs - ms) : callback()), ms);
      timer.unref();
    };
    arm(Math.max(0, delayMs));
    return () => clearTimeout(timer);
  },
};

/** What lengths of time within this process are measured with. */
export const elapsed = (clock: Clock): number => (clock.elapsed ? clock.elapsed() : clock.now());

/** Resolves after `ms` by that clock, or at once when the signal aborts. */
export function wait(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener('abort', done);
  });
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
