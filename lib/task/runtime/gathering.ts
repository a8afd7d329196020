import type { Clock } from '../../common/clock.js';

/** What is being gathered for one call, for a while after the first. */
export class Gathering<T> {
  private gathered: T[] = [];
  readonly cancel: () => void;

  constructor(clock: Clock, waitMs: number, done: () => void) {
    this.cancel = clock.after(waitMs, done, 'gather');
  }

  get tasks(): readonly T[] {
    return this.gathered;
  }

  get size(): number {
    return this.gathered.length;
  }

  add(task: T): void {
    this.gathered.push(task);
  }

  /** Returns how many are left. */
  keep(isWanted: (task: T) => boolean): number {
    this.gathered = this.gathered.filter(isWanted);
    return this.gathered.length;
  }
}
