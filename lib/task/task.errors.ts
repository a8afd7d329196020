import { DepotError } from '../common/errors.js';
import { toMs, type Duration } from '../common/duration.js';
import type { TaskHandle } from './queue.js';

/**
 * Thrown by a handler: run the task again after `delay`. Uses an attempt unless `count` is false.
 *
 * @example throw new RetryTask('1m', { count: false });
 */
export class RetryTask extends DepotError {
  readonly delayMs: number;
  readonly count: boolean;

  constructor(delay: Duration, options: { readonly count?: boolean; readonly reason?: string } = {}) {
    super('DEPOT_RETRY_TASK', options.reason ?? 'the handler asked for another attempt');
    this.delayMs = toMs(delay, 'RetryTask delay');
    this.count = options.count ?? true;
  }
}

/** Thrown by a handler: the task is dead at once, whatever attempts it has left. */
export class DiscardTask extends DepotError {
  constructor(reason: string, options?: ErrorOptions) {
    super('DEPOT_DISCARD_TASK', reason, options);
  }
}

/** An attempt took longer than its `timeout`. The handler's signal has aborted; the attempt counts as failed. */
export class TaskTimeoutError extends DepotError {
  constructor(task: string, timeoutMs: number) {
    super('DEPOT_TASK_TIMEOUT', `${task} took longer than its timeout of ${timeoutMs} ms`);
  }
}

/** All attempts together took longer than the `deadline`, or the task was first looked at when that was over. It is dead. */
export class TaskDeadlineError extends DepotError {
  /** @param before what the last attempt failed with, when there was no time for another one */
  constructor(
    task: string,
    deadlineMs: number,
    before?: { readonly message: string; readonly stack?: string | undefined; readonly cause: unknown },
  ) {
    const and = before ? `; its last attempt failed with: ${before.message}` : '';
    super(
      'DEPOT_TASK_DEADLINE',
      `the deadline of ${deadlineMs} ms is over for ${task}${and}`,
      before && { cause: before.cause },
    );
    // Where it went wrong is what somebody wants to know.
    if (before?.stack !== undefined) this.stack = `${this.name}: ${this.message}\n${before.stack}`;
  }
}

/** The task was cancelled: the reason of its handler's aborted signal, and what waiting for its result ends with. */
export class TaskCancelledError extends DepotError {
  /** @param replacedBy id of the task with the same unique key that took its place, if that is why */
  constructor(
    task: string,
    readonly replacedBy?: string,
  ) {
    super(
      'DEPOT_TASK_CANCELLED',
      `${task} was cancelled${replacedBy === undefined ? '' : `: task ${replacedBy} with the same unique key took its place`}`,
    );
  }
}

/** Nobody had begun the task when its `expiresIn` was over. It was not run. */
export class TaskExpiredError extends DepotError {
  constructor(task: string) {
    super('DEPOT_TASK_EXPIRED', `nobody had begun ${task} when its expiresIn was over; it was not run`);
  }
}

/** The backlog of the queue, or of the task's group, is at its `backpressure.max`. Nothing was added, or not all. */
export class QueueFullError extends DepotError {
  /**
   * @param max how many tasks may wait or be delayed, as far as this process knows
   * @param added the handles of those of an `addBulk` that fitted
   * @param refused the places in the `addBulk` of those that did not
   */
  constructor(
    readonly queue: string,
    readonly max: number | undefined,
    readonly added: readonly TaskHandle[] = [],
    readonly refused: readonly number[] = [0],
  ) {
    const all = added.length + refused.length;
    super(
      'DEPOT_QUEUE_FULL',
      `queue '${queue}' is full: its backpressure.max${max === undefined ? '' : ` of ${max}`} is reached; ${added.length} of ${all} tasks were added`,
    );
  }
}

/** The queue has active tasks, which `obliterate` would lose. */
export class QueueBusyError extends DepotError {
  constructor(queue: string, active: number) {
    super(
      'DEPOT_QUEUE_BUSY',
      `queue '${queue}' has ${active} active tasks; pause it and let them end, or obliterate({ force: true })`,
    );
  }
}

/** The reason of an aborted signal: this worker was not heard of for longer than its lease, another one has the task. */
export class LeaseLostError extends DepotError {
  constructor(task: string) {
    super(
      'DEPOT_LEASE_LOST',
      `${task} was given to another worker, since this one was not heard of for a lease`,
    );
  }
}

/** The reason of an aborted signal: the process shuts down and the handler did not end in time. */
export class ShutdownError extends DepotError {
  constructor(task: string) {
    super(
      'DEPOT_SHUTDOWN',
      `${task} went back to the queue: the process shuts down and shutdownTimeout is over`,
    );
  }
}

/** No handler has the task's name, in this process. The task is parked until a worker with one starts. */
export class UnknownTaskError extends DepotError {
  constructor(queue: string, name: string, known: readonly string[]) {
    super(
      'DEPOT_UNKNOWN_TASK',
      `No handler of queue '${queue}' has the name '${name}' (there are: ${known.join(', ') || 'none'}); the task is parked and runs by itself once a worker with that handler starts`,
    );
  }
}

/** There is no task with that id: it was never added, was removed, or ended and is no longer kept. */
export class TaskNotFoundError extends DepotError {
  constructor(queue: string, id: string) {
    super(
      'DEPOT_TASK_NOT_FOUND',
      `Queue '${queue}' has no task ${id}: it was never added, was removed, or ended and is no longer kept (option 'keep')`,
    );
  }
}

/** `result()` waited for as long as it was told to. The task goes on. */
export class ResultTimeoutError extends DepotError {
  constructor(queue: string, id: string, timeoutMs: number) {
    super(
      'DEPOT_RESULT_TIMEOUT',
      `Task ${id} of queue '${queue}' has not ended within ${timeoutMs} ms; it goes on`,
    );
  }
}
