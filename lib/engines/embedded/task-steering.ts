import { begunAnew } from '../../task/task.envelope.js';
import type { TaskState } from '../../task/task.state.js';
import { replaceOutcome } from './attempt-history.js';
import type { EmbeddedConsumer } from './embedded-consumers.js';
import { isFinal, type EmbeddedTask } from './embedded-task.js';
import type { TaskMoves } from './task-moves.js';

/** What somebody may do to tasks from outside, one by one. Whoever calls settles afterwards who gets what. */
export class TaskSteering {
  constructor(private readonly moves: TaskMoves) {}

  remove(id: string): 'removed' | 'missing' | 'active' {
    const task = this.moves.tasks.get(id);
    if (!task) return 'missing';
    if (task.place === 'active') return 'active';
    this.moves.remove(task);
    return 'removed';
  }

  cancel(id: string): 'cancelled' | 'cancelling' | 'ended' | 'missing' {
    const task = this.moves.tasks.get(id);
    if (!task) return 'missing';
    if (isFinal(task.place)) return 'ended';
    if (task.place === 'active') {
      this.moves.cancelling.add(id);
      const holder = this.moves.consumers.holderOf(task);
      if (holder) this.tellHolder(holder, id);
      return 'cancelling';
    }
    this.moves.takeOut(task);
    this.moves.finish(task, 'cancelled', '');
    return 'cancelled';
  }

  /** Says to whoever has the task in hand that it is cancelled. */
  tellHolder({ process, name }: EmbeddedConsumer, id: string): void {
    this.moves.outlets.push(process, { kind: 'cancel', consumer: name, id });
  }

  promote(id: string): boolean {
    const task = this.moves.tasks.get(id);
    if (task?.place !== 'delayed') return false;
    this.moves.takeOut(task);
    this.moves.wait(task);
    return true;
  }

  /** Falls due at `dueAt`, with all of its attempts. */
  retry(id: string, dueAt: number): boolean {
    const task = this.moves.tasks.get(id);
    if (!task || !(isFinal(task.place) || task.place === 'parked')) return false;
    if (!this.moves.unique.retake(task)) return false;
    this.moves.takeOut(task);
    this.moves.dropResult(id);
    replaceOutcome(task, undefined);
    task.tries = 0;
    task.crashes = undefined;
    task.envelope = begunAnew(task.envelope, dueAt);
    this.moves.waitFrom(task, dueAt);
    return true;
  }

  /** Removes the oldest that are in that state so long. Returns how many. */
  clean(state: Exclude<TaskState, 'active'>, olderThanMs: number, limit: number): number {
    const tasks = this.oldest(state, olderThanMs, limit);
    for (const task of tasks) this.moves.remove(task);
    return tasks.length;
  }

  private oldest(
    state: Exclude<TaskState, 'active'>,
    olderThanMs: number,
    limit: number,
  ): readonly EmbeddedTask[] {
    const { waiting, delayed, unique, ended } = this.moves;
    if (state === 'waiting') return waiting.toArray(limit);
    if (state === 'delayed') return delayed.range(0, limit - 1);
    if (state === 'blocked') return [...unique.blocked.keys()].slice(0, limit);
    return ended.since(state, this.moves.now() - olderThanMs, limit);
  }
}
