import type { Retention } from '../../task/task.broker.js';
import { FINAL_STATES, type FinalState } from '../../task/task.state.js';
import type { EmbeddedTask, RestingState } from './embedded-task.js';
import { TaskList } from './task-list.js';

/** What one call drops at most. */
const LIMIT = 500;
/** What a task takes up besides its texts. */
const TASK_BYTES = 200;

/** Tasks that have ended or are parked, oldest first, and which of them have been kept for long enough. */
export class EndedTasks {
  private readonly lists: Readonly<Record<RestingState, TaskList>> = {
    completed: new TaskList(),
    dead: new TaskList(),
    cancelled: new TaskList(),
    expired: new TaskList(),
    parked: new TaskList(),
  };
  private readonly bytes: Record<FinalState, number> = { completed: 0, dead: 0, cancelled: 0, expired: 0 };

  constructor(private keep: Readonly<Record<FinalState, Retention>>) {}

  /** So much is kept from now on. Bytes are counted where they matter alone, so they are counted anew. */
  configure(keep: Readonly<Record<FinalState, Retention>>): void {
    for (const state of FINAL_STATES) {
      const { bytes } = keep[state];
      if (bytes === this.keep[state].bytes) continue;
      this.bytes[state] = 0;
      for (const task of this.lists[state]) {
        task.bytes = bytes === undefined ? 0 : bytesOf(task);
        this.bytes[state] += task.bytes;
      }
    }
    this.keep = keep;
  }

  in(state: RestingState): TaskList {
    return this.lists[state];
  }

  park(task: EmbeddedTask, now: number): void {
    this.enter(task, 'parked', now);
  }

  /** What is too much then, perhaps this one, is to be taken out. */
  end(task: EmbeddedTask, state: FinalState, now: number): void {
    this.enter(task, state, now);
    if (this.keep[state].bytes === undefined) return;
    task.bytes = bytesOf(task);
    this.bytes[state] += task.bytes;
  }

  /** Takes out and returns the oldest, if there is more in that state than is kept. */
  shiftOver(state: FinalState): EmbeddedTask | undefined {
    const { count, bytes } = this.keep[state];
    const list = this.lists[state];
    if (list.length <= count && (bytes === undefined || this.bytes[state] <= bytes)) return undefined;
    const oldest = list.first;
    if (oldest) this.delete(oldest, state);
    return oldest;
  }

  /** Drops and returns those that are beyond their age, at most 500 of each state. */
  expire(now: number): { readonly tasks: readonly EmbeddedTask[]; readonly more: boolean } {
    const tasks = FINAL_STATES.flatMap((state) => {
      const old = this.since(state, now - this.keep[state].ageMs, LIMIT);
      for (const task of old) this.delete(task, state);
      return old;
    });
    return { tasks, more: tasks.length >= LIMIT };
  }

  /** Those that are in this state since `until` or longer. */
  since(state: RestingState, until: number, limit: number): readonly EmbeddedTask[] {
    const old: EmbeddedTask[] = [];
    for (const task of this.lists[state]) {
      if ((task.restsSince ?? 0) > until || old.length === limit) break;
      old.push(task);
    }
    return old;
  }

  delete(task: EmbeddedTask, state: RestingState): void {
    this.lists[state].remove(task);
    if (state !== 'parked') this.bytes[state] -= task.bytes;
    task.bytes = 0;
    task.place = 'nowhere';
    task.restsSince = undefined;
  }

  private enter(task: EmbeddedTask, state: RestingState, now: number): void {
    this.lists[state].push(task);
    task.place = state;
    task.restsSince = now;
  }
}

function bytesOf({ envelope, outcome, progress, log, history }: EmbeddedTask): number {
  const texts = [
    envelope,
    outcome ?? '',
    progress ?? '',
    ...log,
    ...history.map((failure) => failure.outcome),
  ];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), TASK_BYTES);
}
