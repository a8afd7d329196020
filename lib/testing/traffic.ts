import { clearTimeout, setTimeout } from 'node:timers';
import { performance } from 'node:perf_hooks';

/**
 * Everything that the application asks of its engine, counted: when nothing was asked for a few turns of the event loop
 * and nothing is under way, all is quiet but for what handlers wait for elsewhere.
 */
export class Traffic {
  /** Grows with every call, and again with its answer. */
  total = 0;
  /** Grows with everything that changes something. */
  moves = 0;
  /** The real time of the newest such change, by `performance.now()`. */
  movedAt = 0;
  /** How many calls were heartbeats that found nothing to do: they set nothing in motion. */
  beats = 0;
  /** Grows when somebody may have been woken who waited for the clock. */
  wakes = 0;
  private underWay = 0;
  private readonly listeners = new Set<() => void>();

  /** Nothing that was asked is unanswered. */
  get idle(): boolean {
    return this.underWay === 0;
  }

  async follow<T>(answer: Promise<T>): Promise<T> {
    this.total++;
    this.underWay++;
    try {
      return await answer;
    } finally {
      this.underWay--;
      this.total++;
      this.stir();
    }
  }

  moved(): void {
    this.moves++;
    this.movedAt = performance.now();
    this.stir();
  }

  woke(): void {
    this.wakes++;
    this.stir();
  }

  /** Whoever waits for something to happen has a look. */
  stir(): void {
    for (const listener of [...this.listeners]) listener();
  }

  /** Resolves with the next thing that happens, or after so many milliseconds of real time. */
  next(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.listeners.add(done);
    });
  }
}

/**
 * The same object, with other values in some places, and every other method called through `around`.
 *
 * @param around gets the method's name and what calls it, and returns what the caller gets
 */
export function intercept<T extends object>(
  target: T,
  instead: Partial<T>,
  around: (method: string, call: () => unknown) => unknown = (_, call) => call(),
): T {
  return new Proxy(target, {
    get: (_, key) => {
      const other: unknown = Reflect.get(instead, key);
      if (other !== undefined) return other;
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => around(String(key), () => Reflect.apply(value, target, args) as unknown);
    },
  });
}
