import { TASK_EVENTS, type EventRecord, type TaskEventName } from './event.record.js';
import type { TaskCodec } from './task.codec.js';
import { readEnvelope, UnreadableEnvelopeError, type Envelope } from './task.envelope.js';
import { readFailure, readOutcome, type TaskFailure } from './task.outcome.js';

/**
 * Something that happened to a task: what `@OnTask` handlers and listeners of `queue.on` are told. A class, so that it may
 * stand in a decorated signature. What it carries is read when it is asked for.
 *
 * @example
 * @OnTask('dead')
 * async gaveUp(event: TaskEvent<Receipt, Order>): Promise<void> {
 *   this.logger.warn(`${event.name} ${event.taskId}: ${event.error?.message}`);
 * }
 */
export abstract class TaskEvent<R = unknown, P = unknown> {
  /** What happened: `'completed'`, `'dead'`, … */
  abstract readonly event: TaskEventName;
  abstract readonly taskId: string;
  /** The name of the task. */
  abstract readonly name: string;
  abstract readonly queue: string;
  /** When it happened, by the engine's clock. */
  abstract readonly at: Date;
  /** Number of the attempt that it is about; of a task that has not begun, of the one before (0: none). */
  abstract readonly attempt: number;
  /** @throws PayloadError when this process can't read it */
  abstract readonly payload: P;
  /** What the handler returned, of `completed`. @throws PayloadError when this process can't read it */
  abstract readonly result: R | undefined;
  /** What the attempt failed with, of `failed`, `retrying` and `dead`; why, of `cancelled` and `parked`. */
  abstract readonly error: TaskFailure | undefined;
  /** Of `progress`. */
  abstract readonly progress: unknown;
  /** When the task runs again, of `retrying`. */
  abstract readonly runAt: Date | undefined;
}

/** An event as it came from the engine. `queue` is the one whose tasks it is about. */
export function readTaskEvent(
  queue: string,
  record: EventRecord,
  codec: Pick<TaskCodec, 'decode'>,
): TaskEvent {
  return new ReceivedEvent(queue, record, codec);
}

export const isTaskEventName = (name: unknown): name is TaskEventName =>
  TASK_EVENTS.some((known) => known === name);

const WITH_ERROR: readonly TaskEventName[] = ['failed', 'retrying', 'dead', 'cancelled', 'parked'];
/** Their attempt is not counted yet. */
const UNCOUNTED: readonly TaskEventName[] = ['active', 'progress', 'completed'];

class ReceivedEvent extends TaskEvent {
  readonly event: TaskEventName;
  readonly taskId: string;
  // Not shown by whoever logs an event: a codec has keys.
  readonly #record: EventRecord;
  readonly #codec: Pick<TaskCodec, 'decode'>;
  #envelope: Envelope | UnreadableEnvelopeError | undefined;

  constructor(
    readonly queue: string,
    record: EventRecord,
    codec: Pick<TaskCodec, 'decode'>,
  ) {
    super();
    this.#record = record;
    this.#codec = codec;
    this.event = record.name;
    this.taskId = record.id;
  }

  get name(): string {
    const envelope = this.#opened();
    return envelope instanceof UnreadableEnvelopeError ? '(unreadable)' : envelope.name;
  }

  get at(): Date {
    return new Date(this.#record.at);
  }

  get attempt(): number {
    return this.#record.tries + (UNCOUNTED.includes(this.event) ? 1 : 0);
  }

  get payload(): unknown {
    const envelope = this.#opened();
    if (envelope instanceof UnreadableEnvelopeError) throw envelope;
    return this.#codec.decode(envelope.payload, `payload of task ${this.taskId}`);
  }

  get result(): unknown {
    if (this.event !== 'completed') return undefined;
    return this.#codec.decode(readOutcome(this.#record.text).body, `result of task ${this.taskId}`);
  }

  get error(): TaskFailure | undefined {
    if (!WITH_ERROR.includes(this.event)) return undefined;
    const { body } = readOutcome(this.#record.text);
    return body === '' ? undefined : readFailure(body, this.#codec);
  }

  get progress(): unknown {
    if (this.event !== 'progress') return undefined;
    return this.#codec.decode(this.#record.text, `progress of task ${this.taskId}`);
  }

  get runAt(): Date | undefined {
    const { dueAt } = this.#record;
    return dueAt === undefined ? undefined : new Date(dueAt);
  }

  #opened(): Envelope | UnreadableEnvelopeError {
    this.#envelope ??= tried(this.#record.envelope);
    return this.#envelope;
  }
}

function tried(envelope: string): Envelope | UnreadableEnvelopeError {
  try {
    return readEnvelope(envelope);
  } catch (error) {
    if (error instanceof UnreadableEnvelopeError) return error;
    throw error;
  }
}
