/** What a handler is told about the task it runs, and how it reports. A class, so that it may stand in a signature. */
export abstract class TaskContext<P = unknown> {
  abstract readonly id: string;
  abstract readonly name: string;
  abstract readonly queue: string;
  /** Number of this attempt, 1 for the first. A crash of the process does not count. */
  abstract readonly attempt: number;
  /** How many attempts there are at most. */
  abstract readonly attempts: number;
  abstract readonly payload: P;
  /** When the task was added. */
  abstract readonly enqueuedAt: Date;
  /**
   * Aborts when the attempt is over before the handler is: on time-out, at the deadline, when the task is cancelled, on
   * shutdown, and when the task was given to another worker because this one was not heard of. `signal.reason` is the
   * error that says which.
   */
  abstract readonly signal: AbortSignal;
  /** Keeps the task's newest progress, any serialisable value. Never rejects for want of a connection. */
  abstract progress(value: unknown): Promise<void>;
  /** Adds a line to the task's log (64 KiB are kept, the newest). Never rejects for want of a connection. */
  abstract log(line: string): Promise<void>;
}

/**
 * What a batch handler is told: one context for all tasks of the call. `progress` and `log` tell it of every one of
 * them; `items` are the contexts of each. `attempt` and `attempts` are the highest, `enqueuedAt` is the earliest.
 *
 * @example
 * @Task({ batch: { size: 100, wait: '50ms' } })
 * async index(@Payload() docs: Batch<Doc>, @Ctx() batch: BatchContext<Doc>): Promise<void> {
 *   for (const { id, payload, attempt, signal } of batch.items) {}
 * }
 */
export abstract class BatchContext<P = unknown> extends TaskContext<readonly P[]> {
  /** In the order of the payloads. The signal of one aborts when that one is over; that of the batch, when all are. */
  abstract readonly items: readonly TaskContext<P>[];
}
