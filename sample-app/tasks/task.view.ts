import type { TaskSnapshot } from 'nestjs-depot';

/** What a client may see of a task: no payload, no stack. */
export function taskView(task: TaskSnapshot): Record<string, unknown> {
  const { id, queue, name, state, progress, attempt, result, error, log, enqueuedAt, finishedAt } = task;
  return {
    id,
    queue,
    name,
    state,
    progress,
    attempt,
    result,
    error: error && { name: error.name, message: error.message },
    log,
    enqueuedAt,
    finishedAt,
  };
}
