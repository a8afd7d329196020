import { newTask, type EmbeddedTask } from '../../../lib/engines/embedded/embedded-task.js';
import type { NewTask } from '../../../lib/task/task.broker.js';

export const taskOf = (id: string, more: Partial<NewTask> & { name?: string } = {}): EmbeddedTask =>
  newTask({ id, envelope: `1${more.name ?? 'send'}\n\n\n`, ...more });

export const ids = (tasks: Iterable<EmbeddedTask>): string[] => Array.from(tasks, ({ id }) => id);

/** Takes until there is nothing more, or that often. */
export function drained(shift: () => EmbeddedTask | undefined, times = 1_000): string[] {
  const taken: string[] = [];
  for (let task = shift(); task; task = shift()) {
    taken.push(task.id);
    if (taken.length === times) break;
  }
  return taken;
}
