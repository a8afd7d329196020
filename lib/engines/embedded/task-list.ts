import type { EmbeddedTask } from './embedded-task.js';

/** Tasks in a row. Each knows its neighbours, so that one can leave from the middle; a task is in one such list at most. */
export class TaskList {
  private head: EmbeddedTask | undefined;
  private tail: EmbeddedTask | undefined;
  private count = 0;

  get length(): number {
    return this.count;
  }

  get first(): EmbeddedTask | undefined {
    return this.head;
  }

  push(task: EmbeddedTask): void {
    task.previous = this.tail;
    if (this.tail) this.tail.following = task;
    else this.head = task;
    this.tail = task;
    this.count++;
  }

  unshift(task: EmbeddedTask): void {
    task.following = this.head;
    if (this.head) this.head.previous = task;
    else this.tail = task;
    this.head = task;
    this.count++;
  }

  shift(): EmbeddedTask | undefined {
    const task = this.head;
    if (task) this.remove(task);
    return task;
  }

  /** The task must be in this list. */
  remove(task: EmbeddedTask): void {
    const { previous, following } = task;
    if (previous) previous.following = following;
    else this.head = following;
    if (following) following.previous = previous;
    else this.tail = previous;
    task.previous = task.following = undefined;
    this.count--;
  }

  /** From the head on. The one that was given last may be removed meanwhile. */
  *[Symbol.iterator](): Generator<EmbeddedTask> {
    for (let task = this.head; task;) {
      const { following } = task;
      yield task;
      task = following;
    }
  }
}
