import type { EmbeddedTask } from './embedded-task.js';
import { GroupLimits } from './group-limits.js';
import { Lanes } from './lanes.js';
import { Levels } from './levels.js';
import { TaskList } from './task-list.js';

/** Everything that waits, in the order in which it is claimed; a task is in one of these four. */
export class WaitingTasks {
  /** Those that may be killing workers: one for each consumer. */
  readonly suspects = new TaskList();
  /** Those that whoever came across them could not claim. */
  readonly lanes = new Lanes();
  readonly levels = new Levels();
  /** Those whose group has its fill. */
  readonly groups = new GroupLimits();

  get size(): number {
    return this.suspects.length + this.lanes.size + this.levels.size + this.groups.size;
  }

  push(task: EmbeddedTask): void {
    this.levels.push(task);
  }

  unshift(task: EmbeddedTask): void {
    this.levels.unshift(task);
  }

  suspect(task: EmbeddedTask): void {
    this.suspects.push(task);
    task.place = 'suspects';
  }

  /** Takes it out of whichever of these it is in. */
  delete(task: EmbeddedTask, now: number): void {
    if (task.place === 'suspects') this.suspects.remove(task);
    else if (task.place === 'lane') this.lanes.delete(task);
    else if (task.place === 'held') this.groups.delete(task);
    else {
      this.levels.delete(task);
      this.passedBy(task, now);
    }
    task.place = 'nowhere';
  }

  /** The task is not, or no more, one of those of its group that may run: the first that is held goes back, if it may. */
  passedBy({ group }: EmbeddedTask, now: number): void {
    if (group === undefined || !this.groups.holds(group)) return;
    const released = this.groups.release(group, now);
    if (released) this.goAhead(released);
  }

  /** Those go back whose group has tokens again. */
  releaseDue(now: number): void {
    for (const task of this.groups.releaseDue(now)) this.goAhead(task);
  }

  private goAhead(task: EmbeddedTask): void {
    this.levels.goAhead(task, task.heldRank ?? 0);
  }

  /** The first ones, all of them if not said otherwise. */
  toArray(limit = this.size): readonly EmbeddedTask[] {
    const tasks: EmbeddedTask[] = [];
    for (const task of this) {
      if (tasks.length === limit) break;
      tasks.push(task);
    }
    return tasks;
  }

  *[Symbol.iterator](): Generator<EmbeddedTask> {
    yield* this.suspects;
    yield* this.lanes;
    yield* this.levels;
    yield* this.groups;
  }
}
