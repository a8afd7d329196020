import type { Clock } from '../../common/clock.js';
import { limitsText } from '../../task/limits.text.js';
import type { QueueLimits } from '../../task/task.broker.js';
import { nextTokenAt, soundAt, tokens, withoutToken, type FullAt } from './token-bucket.js';

/** What the whole fleet shares: limits of the queue, and what is paused. The time is asked for only if there is a rate. */
export class FleetLimits {
  private text: string | undefined;
  private fullAt: FullAt = 0;
  private limits: QueueLimits = {};
  readonly pausedNames = new Set<string>();
  paused = false;

  constructor(private readonly clock: Clock) {}

  get current(): QueueLimits {
    return this.limits;
  }

  /** Takes them over, with a full bucket, unless they are what holds already; returns what held before, as text, '' for none. */
  replace(limits: QueueLimits): string | undefined {
    const text = limitsText(limits);
    const before = this.text ?? '';
    if (text === before) return undefined;
    this.text = text;
    this.limits = limits;
    this.fullAt = 0;
    return before;
  }

  /** How many more tasks may be claimed now. */
  capacity(active: number): number {
    if (this.paused) return 0;
    const { concurrency, rate } = this.limits;
    const slots = concurrency === undefined ? Number.POSITIVE_INFINITY : Math.max(0, concurrency - active);
    if (!rate) return slots;
    const now = this.clock.now();
    this.fullAt = soundAt(rate, this.fullAt, now);
    return Math.min(slots, tokens(rate, this.fullAt, now));
  }

  /** One was claimed. */
  took(): void {
    const { rate } = this.limits;
    if (rate) this.fullAt = withoutToken(rate, this.fullAt, this.clock.now());
  }

  /** When more may be claimed as time goes by, if nothing can be now. */
  nextAt(active: number): number {
    const { concurrency, rate } = this.limits;
    if (!rate || this.paused || (concurrency !== undefined && active >= concurrency)) return FAR;
    const now = this.clock.now();
    this.fullAt = soundAt(rate, this.fullAt, now);
    return tokens(rate, this.fullAt, now) > 0 ? FAR : nextTokenAt(rate, this.fullAt);
  }

  /** Nothing is paused, and the bucket is full. */
  clear(): void {
    this.paused = false;
    this.pausedNames.clear();
    this.fullAt = 0;
  }
}

const FAR = Number.POSITIVE_INFINITY;
