/** What happens to tasks, as others may be told. `failed`: an attempt failed; `retrying` or `dead` comes with it. */
export const TASK_EVENTS = [
  'waiting',
  'active',
  'progress',
  'completed',
  'failed',
  'retrying',
  'dead',
  'cancelled',
  'expired',
  'parked',
] as const;

export type TaskEventName = (typeof TASK_EVENTS)[number];

/** For so long a subscription holds. */
export const EVENT_LEASE_MS = 600_000;

/** The queue in which events of a queue are stored for `@OnTask` handlers. No user's queue has braces in its name. */
export const eventQueue = (queue: string): string => `${queue}{on}`;

/** An event as it travels. Stored as a task of the event queue, its name is the event's and its payload `writeEvent` of it. */
export interface EventRecord {
  readonly name: TaskEventName;
  readonly id: string;
  readonly at: number;
  /** Attempts used. */
  readonly tries: number;
  /** When the task runs again, of `retrying`. */
  readonly dueAt: number | undefined;
  /** The outcome, or the progress; '' when there is none. */
  readonly text: string;
  readonly envelope: string;
}

/** Id, time, attempts, due time, text, a line each, and the envelope. In the text `%` is `%25` and a line break `%0A`. */
export function writeEvent({ id, at, tries, dueAt, text, envelope }: EventRecord): string {
  const line = text.replaceAll('%', '%25').replaceAll('\n', '%0A');
  return `${id}\n${at}\n${tries}\n${dueAt ?? ''}\n${line}\n${envelope}`;
}

export function readEvent(name: TaskEventName, written: string): EventRecord {
  const [id = '', at, tries, dueAt = '', line = '', ...envelope] = written.split('\n');
  return {
    name,
    id,
    at: Number(at),
    tries: Number(tries),
    dueAt: dueAt === '' ? undefined : Number(dueAt),
    text: line.replaceAll('%0A', '\n').replaceAll('%25', '%'),
    envelope: envelope.join('\n'),
  };
}
