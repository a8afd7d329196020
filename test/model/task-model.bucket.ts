import type { Rate } from '../../lib/task/task.broker.js';

const ROUNDING = 1e-5;

/** A bucket that holds `max` tokens and gets `max` new ones, evenly, in `perMs`. */
export class ModelBucket {
  private tokens: number;

  constructor(
    private readonly rate: Rate,
    private at: number,
  ) {
    this.tokens = rate.max;
  }

  hasToken(now: number): boolean {
    return this.at_(now) >= 1 - ROUNDING;
  }

  take(now: number): void {
    this.tokens = this.at_(now) - 1;
    this.at = now;
  }

  private at_(now: number): number {
    const { max, perMs } = this.rate;
    return Math.min(max, this.tokens + ((now - this.at) * max) / perMs);
  }
}
