import type { Backoff } from '../common/backoff.js';
import type { Duration } from '../common/duration.js';
import type { TaskFailure } from './task.outcome.js';
import type { TaskState } from './task.state.js';
import type { AddArguments, BulkTask, PayloadOf, ResultOf, TaskName } from './task.types.js';

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
   */
  abstract add<N extends TaskName<T>>(
    name: N,
    ...args: AddArguments<PayloadOf<T, N>, AddOptions>
  ): Promise<TaskHandle<ResultOf<T, N>>>;

  /** Adds many tasks, in calls of up to 500 and about a megabyte; what is in one call is stored all or none. */
  abstract addBulk(tasks: readonly BulkTask<T, AddOptions>[]): Promise<TaskHandle[]>;

  /** Everything that is known of a task, or `undefined` if there is none with that id. */
  abstract get(id: string): Promise<TaskSnapshot | undefined>;

  /** The tasks in a state, in the order in which they will run, fall due or ended. @param range ranks from 0, `stop` included; negative ones count from the end. @default the first 100 */
  abstract list(
    state: TaskState,
    range?: { readonly start?: number; readonly stop?: number },
  ): Promise<TaskSnapshot[]>;

  /** How many tasks are in each state. */
  abstract counts(): Promise<Readonly<Record<TaskState, number>>>;

  /** Deletes a task and all that is kept of it. `false` if there is none, or a worker has it in hand. In a long `waiting` list this takes a time that grows with it. */
  abstract remove(id: string): Promise<boolean>;
}

/** Options of one task. What is left out comes from its handler's `@Task`, then from the module's `tasks`. */
export interface AddOptions {
  /** Identifies the task within its queue. Adding one that exists, in whatever state, changes nothing. @default a unique one */
  readonly id?: string;
  /** Run it no sooner than this from now. */
  readonly delay?: Duration;
  /** Run it no sooner than this. */
  readonly runAt?: Date;
  /** How often it is tried at most. */
  readonly attempts?: number;
  /** How long it waits between attempts. */
  readonly backoff?: Backoff;
  /** How long one attempt may take. */
  readonly timeout?: Duration;
}

/** A task that was added. */
export abstract class TaskHandle<R = unknown> {
  abstract readonly id: string;
  /** `false` when a task with the given id existed already: nothing was added. */
  abstract readonly created: boolean;

  /**
   * The handler's result, whenever it is asked for: pushed, not polled. Finished tasks are kept for a while (`keep`).
   *
   * @param options.timeout how long to wait; `Infinity` is not offered. @default tasks.resultTimeout ('1m')
   * @throws TaskFailedError when the task is dead
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
  /** Number of its newest attempt, under way or ended; 0 when none has begun. */
  readonly attempt: number;
  readonly progress: unknown;
  /** The handler's result, when it is `completed`. */
  readonly result: R | undefined;
  /** What the newest attempt failed with, when it is `dead`, `parked` or between attempts. */
  readonly error: TaskFailure | undefined;
  readonly log: readonly { readonly at: Date; readonly line: string }[];
  readonly enqueuedAt: Date;
  /** When a delayed task falls due. */
  readonly runAt: Date | undefined;
  /** When the newest ended attempt began. */
  readonly startedAt: Date | undefined;
  /** When the task ended, or was parked. */
  readonly finishedAt: Date | undefined;
}
