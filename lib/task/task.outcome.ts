import { DepotError, show, toError } from '../common/errors.js';
import { timeText } from '../common/time.text.js';
import { TaskCodec } from './task.codec.js';

/** What is kept of an attempt that ended: when it began, and its result or error as text. */
export interface Outcome {
  readonly startedAt: number | undefined;
  readonly body: string;
}

/** An error as it is kept with a task and given back to whoever asks. */
export interface TaskFailure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

const MAX_STACK = 8_000;

/** Written by the engine, which can't make error records: `!` and the number of workers that died with the task. */
const CRASH = '!';
/** The same for a task that was cancelled because another one took its place: that one's id follows. */
const REPLACED = '!r';

export const writeOutcome = (startedAt: number, body: string): string => `${timeText(startedAt)}\n${body}`;

export function readOutcome(text: string): Outcome {
  const end = text.indexOf('\n');
  const startedAt = Number.parseInt(text.slice(0, Math.max(0, end)), 36);
  return { startedAt: Number.isNaN(startedAt) ? undefined : startedAt, body: text.slice(end + 1) };
}

/** Whatever was thrown as a record; never throws itself, since anything can be thrown. */
export function failureOf(thrown: unknown): TaskFailure {
  try {
    const { name, message, stack }: { name: unknown; message: unknown; stack?: unknown } = toError(thrown);
    const code: unknown = (thrown as { code?: unknown } | undefined)?.code;
    return {
      name: typeof name === 'string' ? name : 'Error',
      message: (typeof message === 'string' ? message : show(message)).slice(0, MAX_STACK),
      ...(typeof code === 'string' && { code }),
      ...(typeof stack === 'string' && { stack: stack.slice(0, MAX_STACK) }),
    };
  } catch {
    return { name: 'Error', message: 'what was thrown can not be read' };
  }
}

/** Whatever was thrown as text. Never throws itself: a codec of the user's that fails gets a plain record in its place. */
export function writeFailure(thrown: unknown, codec: Pick<TaskCodec, 'encode'>): string {
  try {
    return codec.encode(failureOf(thrown), "the task's error");
  } catch {
    // What was thrown may be confidential; that the codec failed is not.
    return TaskCodec.plain.encode(failureOf(new Error('the error could not be encoded')), "the task's error");
  }
}

export function readFailure(body: string, codec: Pick<TaskCodec, 'decode'>): TaskFailure {
  if (body.startsWith(REPLACED)) {
    return {
      name: 'TaskCancelledError',
      code: 'DEPOT_TASK_CANCELLED',
      message: `task ${body.slice(REPLACED.length)} with the same unique key took its place`,
    };
  }
  if (body.startsWith(CRASH)) {
    const crashes = Number(body.slice(1));
    return {
      name: 'TaskCrashedError',
      code: 'DEPOT_TASK_CRASHED',
      message: `its worker process died ${crashes} ${crashes === 1 ? 'time' : 'times'} while running it; it is not tried again`,
    };
  }
  return codec.decode(body, "the task's error") as TaskFailure;
}

/** The outcome the engine writes for a task that is buried after `crashes` crashes. */
export const crashOutcome = (crashes: number): string => `\n${CRASH}${crashes}`;

/** The outcome the engine writes for a task that is cancelled because `id` takes its place. */
export const replacedOutcome = (id: string): string => `\n${REPLACED}${id}`;

/** Id of the task that took the place of one that was cancelled with this; `undefined` when it was cancelled otherwise. */
export const replacedBy = (body: string): string | undefined =>
  body.startsWith(REPLACED) ? body.slice(REPLACED.length) : undefined;

/** A task ended without a result. `cause` is what its handler threw; `failure` has its stack. */
export class TaskFailedError extends DepotError {
  constructor(
    readonly queue: string,
    readonly taskId: string,
    readonly failure: TaskFailure,
  ) {
    super(
      'DEPOT_TASK_FAILED',
      `Task ${taskId} of queue '${queue}' is dead: ${failure.name}: ${failure.message}`,
      {
        cause: failure,
      },
    );
  }
}
