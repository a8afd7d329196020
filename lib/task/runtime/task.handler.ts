import type { TaskContext } from '../task.context.js';
import type { TaskPolicy } from '../task.policy.js';

/** A method that runs tasks of one name, or of a few when it was renamed. */
export interface TaskHandler {
  readonly name: string;
  readonly policy: TaskPolicy;
  /** With `batch` it gets the payloads of many tasks in an array, and a `BatchContext`. */
  readonly batch?: BatchPolicy | undefined;
  /** Calls of it at the same time in this process. `undefined`: as many as the consumer has slots. */
  readonly concurrency?: number | undefined;
  run(payload: unknown, context: TaskContext): unknown;
}

export interface BatchPolicy {
  readonly size: number;
  readonly waitMs: number;
}
