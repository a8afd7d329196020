import type { TaskFailure, TaskSnapshot } from 'nestjs-depot';

/** What a client may see of a task: no payload, no stack. */
export function taskView(task: TaskSnapshot): Record<string, unknown> {
  const { id, queue, name, state, priority, group, tags, progress, attempt, result, error, failures, log } =
    task;
  const { enqueuedAt, runAt, expiresAt, startedAt, finishedAt } = task;
  return {
    id,
    queue,
    name,
    state,
    priority,
    group,
    tags,
    progress,
    attempt,
    result,
    error: error && told(error),
    failures: failures.map((failure) => failure.error && told(failure.error)),
    log,
    enqueuedAt,
    runAt,
    expiresAt,
    startedAt,
    finishedAt,
  };
}

const told = ({ name, message }: TaskFailure): Record<string, string> => ({ name, message });
