import type { Duration } from '../common/duration.js';
import type { TaskEventName } from './event.record.js';
import type { RateLimitOptions } from './queue.limits.js';
import type { TaskFailure } from './task.outcome.js';
import type { TaskFilter, TaskPage, TaskSearch } from './task.search.js';
import type { TaskState } from './task.state.js';
import type { AddArguments, BulkTask, PayloadOf, ResultOf, TaskEventOf, TaskName } from './task.types.js';

/**
 * A queue, from the producer's side. `T` is the processor's class (imported as a type only: names, payloads and results
 * are checked, nothing of the worker is loaded), or a map `{ send: TaskType<Sms, Receipt> }`; left out, it is untyped.
 * Injected by `@InjectQueue(name)`. A class, so that it may stand in a constructor's signature.
 *
 * Every method rejects with `EngineUnavailableError` when the engine can't be reached in time (`connection.offlineWait`).
 */
export abstract class Queue<T = unknown> {
  declare protected readonly tasks?: T;

  abstract readonly name: string;

  /**
   * Adds a task. All adds of one tick travel together.
   *
   * @throws PayloadError when the payload can't be serialised or is larger than `tasks.maxPayload`
   * @throws DepotConfigError when an option is wrong
   * @throws QueueFullError when the backlog is at its `backpressure.max`, at once or when its `timeout` is over
   */
  abstract add<N extends TaskName<T>>(
    name: N,
    ...args: AddArguments<PayloadOf<T, N>>
  ): Promise<TaskHandle<ResultOf<T, N>>>;

  /**
   * Adds many tasks, in calls of up to 500 and about a megabyte; what is in one call is stored all or none.
   *
   * @throws QueueFullError when not all of them fit; it has the handles of those that did
   */
  abstract addBulk(tasks: readonly BulkTask<T>[]): Promise<TaskHandle[]>;

  /** Everything that is known of a task, or `undefined` if there is none with that id. */
  abstract get(id: string): Promise<TaskSnapshot | undefined>;

  /** The tasks in a state, in the order in which they will run, fall due or ended. @param range ranks from 0, `stop` included; negative ones count from the end. @default the first 100 */
  abstract list(
    state: TaskState,
    range?: { readonly start?: number; readonly stop?: number },
  ): Promise<TaskSnapshot[]>;

  /** How many tasks are in each state. */
  abstract counts(): Promise<Readonly<Record<TaskState, number>>>;

  /**
   * Finds tasks by state, name, tag, time and payload. Looks through the tasks of these states, 10,000 at most: go on
   * with the `cursor` while there is one.
   *
   * @example
   * const { tasks, cursor } = await email.search({ state: 'dead', name: 'welcome', where: { 'user.id': 7 } });
   */
  abstract search(search?: TaskSearch): Promise<TaskPage>;

  /** Deletes a task and all that is kept of it. `false` if there is none, or a worker has it in hand. */
  abstract remove(id: string): Promise<boolean>;

  /** Ends a task, which is `cancelled` then: at once when it has not begun; else its handler's signal aborts, in whatever process. `false` if there is none, or it has ended. */
  abstract cancel(id: string): Promise<boolean>;

  /** A delayed task waits no longer. `false` if it was not delayed. */
  abstract promote(id: string): Promise<boolean>;

  /** Begins an ended or parked task anew, with all of its attempts. `false` if there is none, it has not ended, or another one has its unique key. */
  abstract retry(id: string): Promise<boolean>;

  /**
   * Begins dead tasks anew, those that died first first. Returns how many.
   *
   * @example await email.retryDead({ name: 'welcome', since: deployedAt, rate: { max: 10, per: '1s' } });
   */
  abstract retryDead(options?: RetryDeadOptions): Promise<number>;

  /** Does the same to many tasks, given by their ids or by what they have in common. Returns to how many it could be done. */
  abstract bulk(action: BulkAction, tasks: readonly string[] | TaskFilter): Promise<number>;

  /** Deletes tasks in a state, the oldest first. Active ones can't be. Returns how many. */
  abstract clean(state: Exclude<TaskState, 'active'>, options?: CleanOptions): Promise<number>;

  /** Deletes all waiting tasks, and the delayed ones if told to. What is active goes on. Returns how many. */
  abstract drain(options?: { readonly delayed?: boolean }): Promise<number>;

  /**
   * Deletes everything of the queue.
   *
   * @throws QueueBusyError while tasks are active, unless `force`: they go on, and what comes of them is lost
   */
  abstract obliterate(options?: { readonly force?: boolean }): Promise<void>;

  /** No task, or none of that name, begins any more, in all processes, until `resume`. What is active goes on. */
  abstract pause(name?: string): Promise<void>;

  abstract resume(name?: string): Promise<void>;

  /** Whether the queue, or tasks of that name in it, may not begin now. */
  abstract isPaused(name?: string): Promise<boolean>;

  /**
   * Calls the listener for each such event of the queue's tasks, in whichever process they are, from soon after the call
   * (`await` its `ready` to be sure) until the returned function is called. Events while this process is cut off, or gone,
   * are missed: `@OnTask` handlers miss none. Events of the same moment may come in any order. What a listener throws is
   * logged.
   *
   * @example
   * const stop = email.on('completed', ({ taskId, result }) => this.gateway.emit(taskId, result));
   * await stop.ready;
   */
  abstract on<E extends TaskEventName>(
    event: E,
    listener: (event: TaskEventOf<T, E>) => unknown,
  ): StopListening;
}

/** Ends listening; harmless when repeated. */
export interface StopListening {
  (): void;
  /** Resolves when the engine knows that somebody listens. Rejects when it can't be reached; it is told later, then. */
  readonly ready: Promise<void>;
}

export type BulkAction = 'remove' | 'cancel' | 'promote' | 'retry';

export interface RetryDeadOptions {
  /** Tasks of that name only. */
  readonly name?: string;
  /** Tasks that died then or later. */
  readonly since?: Date;
  /** At most so many. */
  readonly limit?: number;
  /** How many of them begin in a time; the others are delayed. @default all at once */
  readonly rate?: RateLimitOptions;
}

export interface CleanOptions {
  /** Of ended and parked tasks, those that are so for at least this long. @default 0 */
  readonly olderThan?: Duration;
  /** At most so many. */
  readonly limit?: number;
}

/** A task that was added. */
export abstract class TaskHandle<R = unknown> {
  /** Of the task that was added; or of the one that exists already and kept it from being added. */
  abstract readonly id: string;
  /** `false` when nothing was added, since there is a task with that id, or with its unique key. */
  abstract readonly created: boolean;
  /** Id of the task with the same unique key that it took the place of. */
  abstract readonly replaced: string | undefined;

  /**
   * The handler's result, whenever it is asked for: pushed, not polled. Finished tasks are kept for a while (`keep`).
   *
   * @param options.timeout how long to wait; `Infinity` is not offered. @default tasks.resultTimeout ('1m')
   * @throws TaskFailedError when the task is dead; `failure.code` is `DEPOT_TASK_DEADLINE` when its deadline was over
   * @throws TaskCancelledError when it was cancelled, or another one with its unique key took its place (`replacedBy`)
   * @throws TaskExpiredError when nobody had begun it within `expiresIn`
   * @throws ResultTimeoutError when it has not ended in time
   * @throws TaskNotFoundError when it ended and is no longer kept, or was removed
   */
  abstract result(options?: { readonly timeout?: Duration }): Promise<R>;
}

/** All that is known of a task at one moment. */
export interface TaskSnapshot<P = unknown, R = unknown> {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly state: TaskState;
  readonly payload: P;
  /** 0 to 9, the higher the sooner. */
  readonly priority: number;
  readonly group: string | undefined;
  readonly tags: readonly string[];
  readonly uniqueKey: string | undefined;
  /** Number of its newest attempt, under way or ended; 0 when none has begun. */
  readonly attempt: number;
  readonly progress: unknown;
  /** The handler's result, when it is `completed`. */
  readonly result: R | undefined;
  /** What the newest attempt failed with, when it is `dead`, `parked` or between attempts; why it is `cancelled`, if that is known. */
  readonly error: TaskFailure | undefined;
  /** What attempts before that failed with, oldest first; 64 KiB of them are kept, the newest. */
  readonly failures: readonly FailedAttempt[];
  readonly log: readonly { readonly at: Date; readonly line: string }[];
  readonly enqueuedAt: Date;
  /** When a delayed task falls due. */
  readonly runAt: Date | undefined;
  /** When it ends as `expired` unless it is begun before. */
  readonly expiresAt: Date | undefined;
  /** When the newest ended attempt began. */
  readonly startedAt: Date | undefined;
  /** When the task ended, or was parked. */
  readonly finishedAt: Date | undefined;
}

export interface FailedAttempt {
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date;
  readonly error: TaskFailure | undefined;
}
