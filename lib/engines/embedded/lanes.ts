import type { EmbeddedTask } from './embedded-task.js';
import { nameOf } from './embedded-task.js';
import { SortedSet } from './sorted-set.js';

/** More than there are entries in a life time. */
const PRIORITY_STEP = 2 ** 45;

/** Tasks set aside by name: whoever came across one could not claim it. They are looked at before all others. */
export class Lanes {
  private readonly byName = new Map<string, SortedSet<EmbeddedTask>>();
  private entries = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  push(task: EmbeddedTask): void {
    const name = nameOf(task);
    let lane = this.byName.get(name);
    if (!lane) this.byName.set(name, (lane = new SortedSet()));
    lane.set(task, (9 - task.priority) * PRIORITY_STEP + this.entries++);
    this.count++;
    task.place = 'lane';
  }

  /** The first one whose name `isOpen`: by priority, then as they were set aside. */
  shift(isOpen: (name: string) => boolean): EmbeddedTask | undefined {
    let best: { readonly member: EmbeddedTask; readonly score: number } | undefined;
    for (const [name, lane] of this.byName) {
      const first = lane.first();
      if (first && (!best || first.score < best.score) && isOpen(name)) best = first;
    }
    if (best) this.delete(best.member);
    return best?.member;
  }

  hasOpen(isOpen: (name: string) => boolean): boolean {
    for (const name of this.byName.keys()) if (isOpen(name)) return true;
    return false;
  }

  delete(task: EmbeddedTask): void {
    const name = nameOf(task);
    const lane = this.byName.get(name);
    if (!lane?.delete(task)) return;
    this.count--;
    if (lane.size === 0) this.byName.delete(name);
  }

  *[Symbol.iterator](): Generator<EmbeddedTask> {
    for (const lane of this.byName.values()) yield* lane.range(0, -1);
  }
}
