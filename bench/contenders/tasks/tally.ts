import { numberOf, type BenchPayload } from '../../payload.js';

export interface Tallied {
  readonly count: number;
  /** Of the clock that all processes share, in nanoseconds. */
  readonly firstAt: bigint;
  readonly lastAt: bigint;
  /** For each number, how often it was handled. */
  readonly times: Uint8Array;
}

/**
 * What the handler of a worker notes: when, and which tasks.
 *
 * @param tasks how many numbers there are
 * @param until the last one is the one with this count, and only then the clock is read; left out: at each
 */
export class Tally {
  count = 0;
  private firstAt = 0n;
  private lastAt = 0n;
  private readonly times: Uint8Array;

  constructor(
    tasks: number,
    private readonly until?: number,
  ) {
    this.times = new Uint8Array(tasks);
  }

  take(payload: BenchPayload): void {
    const count = ++this.count;
    if (count === 1) this.firstAt = process.hrtime.bigint();
    if (this.until === undefined || count === this.until) this.lastAt = process.hrtime.bigint();
    const number = numberOf(payload);
    this.times[number] = (this.times[number] ?? 0) + 1;
  }

  tallied(): Tallied {
    const { count, firstAt, lastAt, times } = this;
    return { count, firstAt, lastAt, times };
  }
}

/** Nanoseconds from the first handler to the last; throws when not every task was handled exactly once. */
export function elapsed(tallies: readonly Tallied[], tasks: number): bigint {
  const times = Array.from({ length: tasks }, (_, n) =>
    tallies.reduce((sum, one) => sum + (one.times[n] ?? 0), 0),
  );
  const lost = times.filter((count) => count === 0).length;
  const doubled = times.filter((count) => count > 1).length;
  if (lost > 0 || doubled > 0) {
    throw new Error(`of ${tasks} tasks ${lost} were not handled, and ${doubled} more than once`);
  }
  const busy = tallies.filter(({ count }) => count > 0);
  const firstAt = busy.reduce(
    (first, one) => (one.firstAt < first ? one.firstAt : first),
    busy[0]?.firstAt ?? 0n,
  );
  const lastAt = busy.reduce((last, one) => (one.lastAt > last ? one.lastAt : last), 0n);
  return lastAt - firstAt;
}
