import { EngineUnavailableError } from 'nestjs-depot';
import {
  monotonic,
  type Diary,
  type Disturbance,
  type Fill,
  type Mishap,
  type Read,
  type Who,
  type Write,
} from '../model/cache-history.js';

const TICK_MS = 5;
/** A timer that is later shows that the process has not run, or not read its sockets. */
const LATE_MS = 15;
/** So long what a factory returns may take to be stored. */
const LANDING_MS = 100;
/** So long Redis had not answered by then. */
const UNANSWERED_MS = 250;

/** What a process writes down while it goes about, and what went wrong in it. */
export class DiaryKeeper implements Disposable {
  private readonly reads: Read[] = [];
  private readonly writes: Write[] = [];
  private readonly fills: Fill[] = [];
  private readonly mishaps: Mishap[] = [];
  private readonly disturbances: Disturbance[] = [];
  private readonly open = new Map<object, { readonly how: string; readonly since: number }>();
  private awaySince: number | undefined;
  private readonly ticker: NodeJS.Timeout;
  private readonly onUnhandled = (error: unknown): void => this.wrong('an unhandled rejection', error);

  constructor(private readonly who: Who) {
    let last = monotonic();
    this.ticker = setInterval(() => {
      const now = monotonic();
      if (now - last > LATE_MS) this.disturbances.push({ who, how: 'late', from: last, until: now });
      last = now;
    }, TICK_MS);
    process.on('unhandledRejection', this.onUnhandled);
  }

  /** Works, and writes down what goes wrong and what never ends. Returns `undefined` when it fails. */
  async watch<T>(how: string, work: () => Promise<T>): Promise<T | undefined> {
    const call = { how, since: monotonic() };
    this.open.set(call, call);
    try {
      return await work();
    } catch (error) {
      // These two can't make good what they could not do.
      const isAway = error instanceof EngineUnavailableError && (how === 'expire' || how === 'increment');
      if (!isAway) this.wrong(how, error);
      return undefined;
    } finally {
      this.open.delete(call);
    }
  }

  wrong(how: string, error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.mishaps.push({ by: this.who, how, message });
  }

  read(read: Omit<Read, 'by' | 'ended'>): void {
    this.reads.push({ ...read, by: this.who, ended: monotonic() });
  }

  wrote(write: Omit<Write, 'by' | 'ended'>, by = this.who): void {
    this.writes.push({ ...write, by, ended: monotonic() });
  }

  /** The factory is about to return. */
  filled(fill: Omit<Fill, 'by' | 'ended'>): void {
    this.fills.push({ ...fill, by: this.who, ended: monotonic() + LANDING_MS });
  }

  /** The cache says that it goes on without Redis. */
  away(): void {
    this.awaySince ??= monotonic();
  }

  /** The cache says that it asks Redis again. */
  back(): void {
    if (this.awaySince === undefined) return;
    this.disturbances.push({
      who: this.who,
      how: 'away',
      from: this.awaySince - UNANSWERED_MS,
      until: monotonic(),
    });
    this.awaySince = undefined;
  }

  /** All of it; what has not ended by now never will. */
  finish(): Diary {
    this.back();
    const now = monotonic();
    for (const { how, since } of this.open.values()) {
      this.wrong(how, `has not ended after ${Math.round(now - since)} ms`);
    }
    const { reads, writes, fills, mishaps, disturbances } = this;
    return { reads, writes, fills, mishaps, disturbances };
  }

  [Symbol.dispose](): void {
    clearInterval(this.ticker);
    process.off('unhandledRejection', this.onUnhandled);
  }
}
