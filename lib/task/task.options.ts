import type { Duration } from '../common/duration.js';
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
  /** Calls of this handler at the same time in this process, 1 to 1,000, within the concurrency of its queue. @default that of the queue */
  readonly concurrency?: number;
  /** The handler gets the payloads of many tasks in one call, as a `Batch`. */
  readonly batch?: BatchOptions;
}

export interface BatchOptions {
  /** The call begins when it has so many tasks, 1 to 1,000 … */
  readonly size: number;
  /** … or so long after the first of them came. @default '50ms' */
  readonly wait?: Duration;
}

/** Options of `@OnTask`: how a failing event handler is tried again. */
export type OnTaskOptions = TaskPolicyOptions;
