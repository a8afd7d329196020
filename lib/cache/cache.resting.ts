import type { Clock } from '../common/clock.js';

/** After a refresh that failed, the next one of the key is tried so much later. */
const REST_MS = 1_000;
const MOST_RESTING = 1_000;

/** Keys whose refresh has failed just now. */
export class Resting {
  /** Until when, by the key's id. */
  private readonly until = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  has(id: string): boolean {
    const until = this.until.get(id);
    if (until === undefined) return false;
    if (until > this.clock.now()) return true;
    this.until.delete(id);
    return false;
  }

  add(id: string): void {
    if (this.until.size >= MOST_RESTING) this.until.clear();
    this.until.set(id, this.clock.now() + REST_MS);
  }
}
