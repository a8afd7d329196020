import type { TaskPolicyOptions } from './task.policy.js';

/** Options of `@Processor`. */
export interface ProcessorOptions {
  /** Handlers of this queue that run at the same time in this process, 1 to 1,000. All processors of one queue must agree. @default tasks.concurrency (10) */
  readonly concurrency?: number;
}

/** Options of `@Task`. */
export interface TaskOptions extends TaskPolicyOptions {
  /** Further names under which tasks reach this handler, e.g. its own before it was renamed. */
  readonly aliases?: readonly string[];
}
