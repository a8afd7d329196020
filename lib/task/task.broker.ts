import type { EventRecord, TaskEventName } from './event.record.js';
import type { FinalState, TaskState } from './task.state.js';

/**
 * What an engine does for tasks. The state machine of a queue: each method is one atomic transition, whatever the
 * number of processes. Texts (envelope, outcome, notes) are opaque to it. All times are by the engine's one clock.
 *
 * A call that rejects with `EngineUnavailableError` may or may not have happened.
 */
export interface TaskBroker {
  /** Opens a queue; nothing is stored until a task is added. */
  queue(settings: QueueSettings): QueueBroker;
  /** Begins to receive what is pushed to this process. Consumers and `awaitOutcome` need it. */
  listen(): Promise<void>;
  /** Whether there is nothing in any of these queues that a consumer could ever have to look at: nothing waits, is delayed, parked, in anybody's hand or to expire. */
  quiet(queues: readonly string[]): Promise<boolean>;
  /** Extends the leases of consumers with nothing in hand by `idleLeaseMs`. `false`: perhaps not all of them; `beat` says of which, and why. */
  rest(consumers: readonly RestingConsumer[]): Promise<boolean>;
}

/** A consumer that believes that it has nothing in hand. */
export interface RestingConsumer {
  readonly queue: string;
  readonly consumer: string;
}

export interface QueueSettings {
  readonly name: string;
  /** A consumer with tasks in hand that was not heard of for so long is dead. */
  readonly leaseMs: number;
  /** The same for a consumer with nothing in hand; the first task that it is handed brings it down to `leaseMs`. */
  readonly idleLeaseMs: number;
  /** A task is buried when it alone has killed so many workers. */
  readonly maxCrashes: number;
  readonly keep: Readonly<Record<FinalState, Retention>>;
  /** What the whole fleet shares; stored, the newest to open the queue wins. `undefined`: says nothing of them. */
  readonly limits: QueueLimits | undefined;
}

/** How many ended tasks of a state are kept, how long, and with how much text in all. The oldest go first. */
export interface Retention {
  readonly count: number;
  readonly ageMs: number;
  /** Of envelopes, outcomes, logs, progress and history, and 200 for each task. `undefined`: any. */
  readonly bytes: number | undefined;
}

/** Limits of a queue across all processes. What is left out is not limited. */
export interface QueueLimits {
  /** Tasks in anybody's hand at the same time. */
  readonly concurrency?: number;
  readonly rate?: Rate;
  /** Tasks that wait or are delayed. */
  readonly backlog?: number;
  /** How often each priority, 0 first, is served, relative to the others. Left out: a higher one always goes first. */
  readonly weights?: readonly number[];
  /** For each group of tasks. */
  readonly group?: {
    readonly concurrency?: number;
    readonly rate?: Rate;
    readonly backlog?: number;
  };
}

/** A token bucket of `max` tokens that is refilled evenly with `max` in `perMs`. Whatever begins takes one. */
export interface Rate {
  readonly max: number;
  readonly perMs: number;
}

export interface QueueBroker {
  readonly name: string;

  /** Stores tasks, up to 500 in one transition: waiting, delayed, blocked behind one with its unique key, or handed to an idle consumer. An id that is taken, in whatever state, changes nothing, so a repeat is harmless. */
  add(tasks: readonly NewTask[]): Promise<readonly Added[]>;

  /**
   * Makes this process a consumer of the queue under a name never used before. The tasks that `previous` still has in
   * hand move over when named in `keep`, and go back to the head of the queue otherwise; `previous` is no more, so
   * that a call of it which arrives late changes nothing. A process has one consumer of a queue: whatever other one it
   * had ends in the same way, so a join whose answer was lost may be repeated.
   */
  join(previous?: { readonly consumer: string; readonly keep: readonly string[] }): Promise<Joined>;

  /**
   * Acknowledges what is finished, makes what is due claimable, ends what has expired, takes back what dead consumers
   * had, and claims for every free one of `slots` (0: none, and none is handed over). With `rooms` it claims for those
   * instead, and is told to look, never handed a task. Nothing at all happens when the consumer is dead (`lost`).
   */
  step(consumer: string, acks: readonly Ack[], slots: number, rooms?: Rooms): Promise<Step>;

  /** Extends the consumer's lease, by `leaseMs` if `busy`, else by `idleLeaseMs`; `lost`: it is dead, or was handed something a lease ago that it does not know of, and has to join again. */
  beat(consumer: string, state: 'busy' | 'idle'): Promise<Beat>;

  /** Ends the consumer. What it has in hand goes back to the head of the queue. */
  leave(consumer: string): Promise<void>;

  /** Keeps the newest progress of a task, or a further line of its log, if that consumer has it in hand. Says whether it has. */
  note(consumer: string, id: string, kind: NoteKind, text: string): Promise<boolean>;

  /** Where the task ended; `pending`: this process will be pushed its end, once, even if nothing of it is kept. */
  awaitOutcome(id: string): Promise<Finished | 'pending' | 'unknown'>;

  /** Drops what has been kept beyond its age, and un-parks what one of these handlers can run: into the caller's hand as far as it is idle, else to the queue. A bounded number; `more`: call again. */
  tidy(consumer: string, names: readonly string[]): Promise<{ readonly more: boolean }>;

  /** The stored tasks with these ids; a missing one is `undefined`. */
  read(ids: readonly string[]): Promise<readonly (TaskRecord | undefined)[]>;

  /** Ids by state, in the order in which they will run, fall due or ended; `start` and `stop` (inclusive) count from 0, negative ones from the end. */
  list(state: TaskState, start: number, stop: number): Promise<readonly string[]>;

  counts(): Promise<Readonly<Record<TaskState, number>>>;

  /** Deletes tasks and all that is kept of them, up to 500. An active one stays. */
  remove(ids: readonly string[]): Promise<readonly ('removed' | 'missing' | 'active')[]>;

  /** Ends tasks, up to 500, that have not ended; an active one is `cancelling`: its consumer is told, and it will not be tried again. */
  cancel(ids: readonly string[]): Promise<readonly ('cancelled' | 'cancelling' | 'ended' | 'missing')[]>;

  /** Makes delayed tasks waiting now. Says of each whether it was delayed. */
  promote(ids: readonly string[]): Promise<readonly boolean[]>;

  /** Begins ended or parked tasks anew, up to 500, with all of their attempts, the first after `firstInMs` (0) and each further one `everyMs` later. Says of each whether it did; not when another task has its unique key. */
  retry(ids: readonly string[], everyMs: number, firstInMs?: number): Promise<readonly boolean[]>;

  /** Removes tasks in that state, at most 500, the oldest first; of ended and parked ones, those that are so since `olderThanMs`. Returns how many; active ones can't be. */
  clean(state: Exclude<TaskState, 'active'>, olderThanMs: number): Promise<number>;

  /** Nothing, or nothing of that name, is claimed any more until `resume`. What is active goes on. */
  pause(name?: string): Promise<void>;
  resume(name?: string): Promise<void>;
  paused(): Promise<{ readonly queue: boolean; readonly names: readonly string[] }>;

  /** Deletes everything of the queue, its consumers too, who are told to look (`due`). */
  obliterate(): Promise<void>;

  /** The living consumers. */
  consumers(): Promise<readonly ConsumerRecord[]>;

  /** Events of these names are pushed to this process (`pushed`), or stored as tasks of the queue `eventQueue(name)` (`stored`), for `EVENT_LEASE_MS` from now; empty lists end it. */
  subscribe(pushed: readonly TaskEventName[], stored: readonly TaskEventName[]): Promise<void>;

  /** Calls back, once, when a call of `add` that said `full` may succeed. */
  onRoom(listener: () => void): void;

  /** Calls back when opening the queue has replaced other limits, with these as text. */
  onLimitsReplaced(listener: (before: string) => void): void;

  /** Receives what is pushed to this process for this queue. */
  onPush(listener: (push: Push) => void): void;

  /** Calls back when pushes may have been lost. */
  onGap(listener: () => void): void;
}

export interface NewTask {
  readonly id: string;
  readonly envelope: string;
  /** When it falls due: so long from now, or at that time since the epoch. Left out: at once. */
  readonly due?: { readonly inMs: number } | { readonly atMs: number };
  /** 0 to 9, the higher the sooner. @default 5 */
  readonly priority?: number;
  /** Groups take turns. */
  readonly group?: string;
  /** It ends as `expired` when nobody has claimed it so long after it fell due. */
  readonly expiresInMs?: number;
  readonly unique?: Unique;
}

/**
 * While a task has the key, another one with that key is, by `mode`:
 *
 * - `reject`: not added, until the first has ended, or `ttlMs` has passed
 * - `throttle`: not added until `ttlMs` has passed, whether the first has ended or not
 * - `replace`: takes its place, the first is cancelled; not added when the first is active
 * - `debounce`: takes its place unless that is active, and falls due after `ttlMs`; at the latest `maxWaitMs` after the first of them
 * - `keepLast`: takes its place; when the first is active, it is blocked until that has ended, and takes the place of one that was blocked before
 */
export interface Unique {
  readonly key: string;
  readonly mode: 'reject' | 'throttle' | 'replace' | 'debounce' | 'keepLast';
  readonly ttlMs?: number;
  readonly maxWaitMs?: number;
}

/** What came of a task that was to be added. `exists`: that one has its id, or its unique key. `full`: the backlog is. */
export type Added =
  | { readonly to: 'added'; readonly replaced?: string }
  | { readonly to: 'exists'; readonly id: string }
  | { readonly to: 'full' };

/** What a consumer can take of each name, when that differs between names. */
export interface Rooms {
  /** Tasks of all names together that are not `apart`. */
  readonly shared: number;
  /** Further bounds. `apart`: the only bound for that name. */
  readonly names: readonly { readonly name: string; readonly free: number; readonly apart: boolean }[];
}

export type NoteKind = 'progress' | 'log';

export interface Joined {
  readonly consumer: string;
  /** Those of `keep` that are in this consumer's hand now. */
  readonly kept: readonly string[];
}

/** One finished attempt. `tries` is how many attempts the task has used so far, this one included if it counts. */
export type Ack =
  | {
      readonly id: string;
      readonly to: 'completed';
      readonly outcome: string;
      readonly tries: number;
      /** Its outcome can be asked for so long, whatever is kept of completed tasks; 0: nothing is kept of it. */
      readonly keepMs?: number;
    }
  | {
      readonly id: string;
      readonly to: 'dead' | 'cancelled' | 'parked';
      readonly outcome: string;
      readonly tries: number;
    }
  | {
      readonly id: string;
      readonly to: 'retry';
      readonly outcome: string;
      readonly tries: number;
      readonly delayMs: number;
    };

export type Step = 'lost' | { readonly tasks: readonly ClaimedTask[]; readonly nextMs: number | undefined };

/** `look`: a `step` would find something. */
export type Beat = 'lost' | 'ok' | 'look' | 'tidy';

export interface ClaimedTask {
  readonly id: string;
  readonly envelope: string;
  /** Attempts used before this one. */
  readonly tries: number;
}

export interface Finished {
  readonly state: FinalState | 'removed';
  readonly outcome: string;
}

/** What reaches a process without asking. */
export type Push =
  /** A task, recorded as in the hand of `consumer` already. */
  | { readonly kind: 'task'; readonly consumer: string; readonly task: ClaimedTask }
  /** Something falls due in so many milliseconds: a `step` is wanted then. */
  | { readonly kind: 'due'; readonly inMs: number }
  /** The task is cancelled: its handler is to be stopped, and acknowledged as `cancelled`. */
  | { readonly kind: 'cancel'; readonly consumer: string; readonly id: string }
  | { readonly kind: 'event'; readonly event: EventRecord }
  | ({ readonly kind: 'finished'; readonly id: string } & Finished);

export interface TaskRecord {
  readonly id: string;
  readonly state: TaskState;
  readonly envelope: string;
  readonly tries: number;
  /** When a delayed one falls due, or an ended one ended. */
  readonly at: number | undefined;
  readonly outcome: string | undefined;
  readonly progress: string | undefined;
  /** Lines as noted, oldest first. */
  readonly log: readonly string[];
  /** Failed attempts before the newest, oldest first; the newest 64 KiB of them. */
  readonly history: readonly { readonly at: number; readonly outcome: string }[];
  readonly priority: number;
  readonly group: string | undefined;
  readonly uniqueKey: string | undefined;
  readonly expiresAt: number | undefined;
}

/** A consumer as it stands. */
export interface ConsumerRecord {
  readonly consumer: string;
  readonly process: string;
  readonly active: number;
  /** When its lease is over. */
  readonly until: number;
}
