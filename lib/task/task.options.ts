import type { Duration } from '../common/duration.js';
import type { TaskContext } from './task.context.js';
import type { TaskPolicyOptions } from './task.policy.js';

/** Options of `@Processor`. `P`: what its tasks have as payload, as far as `locked` looks at it. */
export interface ProcessorOptions<P = unknown> {
  /** Handlers of this queue that run at the same time in this process, 1 to 1,000. All processors of one queue must agree. @default tasks.concurrency (10) */
  readonly concurrency?: number;
  /** Tasks of the class that have one key run one at a time, in all processes. @default as many as there are slots */
  readonly locked?: TaskLockOptions<P>;
}

/** Which tasks run one at a time. One whose turn it is not waits for `wait`, and is deferred then, without using an attempt. */
export interface TaskLockOptions<P = unknown> {
  /** The task's key, which no other queue shares; `undefined` or `null`: it runs beside any other. */
  readonly key: (payload: P, task: TaskContext) => string | null | undefined;
  /** How long the lock outlives its process. @default `locks.ttl` of the module, `'30s'` */
  readonly ttl?: Duration;
  /** How long a task waits for its turn, in a slot of its queue. @default '50ms' */
  readonly wait?: Duration;
  /** How long it is deferred then, about: it is made up to a fifth longer or shorter. 1 ms at least. @default '1s' */
  readonly delay?: Duration;
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
