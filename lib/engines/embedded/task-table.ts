import { isStored, type EmbeddedTask } from './embedded-task.js';

/**
 * The tasks that are stored, by id. Its map gives places in an array: a map that is added to and deleted from is built
 * anew every so often, what it was before lies in the old part of the heap until the next full collection, and whatever
 * that points to, though long gone, is copied by every small one before.
 */
export class TaskTable {
  private readonly slots = new Map<string, number>();
  private tasks: (EmbeddedTask | undefined)[] = [];
  /** Places without a task. */
  private free: number[] = [];

  get size(): number {
    return this.slots.size;
  }

  has(id: string): boolean {
    return this.slots.has(id);
  }

  get(id: string): EmbeddedTask | undefined {
    const slot = this.slots.get(id);
    return slot === undefined ? undefined : this.tasks[slot];
  }

  /** No task has its id. */
  add(task: EmbeddedTask): void {
    task.slot = this.free.pop() ?? this.tasks.length;
    this.tasks[task.slot] = task;
    this.slots.set(task.id, task.slot);
  }

  delete(task: EmbeddedTask): void {
    if (!isStored(task)) return;
    this.slots.delete(task.id);
    this.tasks[task.slot] = undefined;
    this.free.push(task.slot);
    task.slot = -1;
    if (this.size > 0) return;
    this.tasks = [];
    this.free = [];
  }

  clear(): void {
    for (const task of this) this.delete(task);
  }

  *[Symbol.iterator](): Generator<EmbeddedTask> {
    for (const task of this.tasks) if (task) yield task;
  }
}
