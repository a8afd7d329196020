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
}

/** How many ended tasks are kept, and how long. The oldest go first. */
export interface Retention {
  readonly count: number;
  readonly ageMs: number;
}

export interface QueueBroker {
  readonly name: string;

  /** Stores tasks, all or none of up to 500: waiting, delayed, or handed to an idle consumer. Says of each whether its id was free; one that is taken, in whatever state, changes nothing, so a repeat is harmless. */
  add(tasks: readonly NewTask[]): Promise<readonly boolean[]>;

  /**
   * Makes this process a consumer of the queue under a name never used before. The tasks that `previous` still has in
   * hand move over when named in `keep`, and go back to the head of the queue otherwise; `previous` is no more, so
   * that a call of it which arrives late changes nothing. A process has one consumer of a queue: whatever other one it
   * had ends in the same way, so a join whose answer was lost may be repeated.
   */
  join(previous?: { readonly consumer: string; readonly keep: readonly string[] }): Promise<Joined>;

  /** Acknowledges what is finished, makes what is due claimable, takes back what dead consumers had, and claims for every free one of `slots` (0: none, and none is handed over). Nothing at all happens when the consumer is dead (`lost`). */
  step(consumer: string, acks: readonly Ack[], slots: number): Promise<Step>;

  /** Extends the consumer's lease, by `leaseMs` if `busy`, else by `idleLeaseMs`; `lost`: it is dead, or was handed something a lease ago that it does not know of, and has to join again. */
  beat(consumer: string, state: 'busy' | 'idle'): Promise<Beat>;

  /** Ends the consumer. What it has in hand goes back to the head of the queue. */
  leave(consumer: string): Promise<void>;

  /** Keeps the newest progress of a task, or a further line of its log, if that consumer has it in hand. Says whether it has. */
  note(consumer: string, id: string, kind: NoteKind, text: string): Promise<boolean>;

  /** Where the task ended; `pending`: this process will be pushed its end, once, even if nothing of it is kept. */
  awaitOutcome(id: string): Promise<Finished | 'pending' | 'unknown'>;

  /** Drops what has been kept beyond its age, and makes parked tasks waiting that one of these handlers can run. A bounded number; `more`: call again. */
  tidy(names: readonly string[]): Promise<{ readonly more: boolean }>;

  /** The stored tasks with these ids; a missing one is `undefined`. */
  read(ids: readonly string[]): Promise<readonly (TaskRecord | undefined)[]>;

  /** Ids by state, in the order in which they will run, fall due or ended; `start` and `stop` (inclusive) count from 0, negative ones from the end. */
  list(state: TaskState, start: number, stop: number): Promise<readonly string[]>;

  counts(): Promise<Readonly<Record<TaskState, number>>>;

  /** Deletes a task and all that is kept of it. An active one stays. */
  remove(id: string): Promise<'removed' | 'missing' | 'active'>;

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
      readonly to: 'completed' | 'dead' | 'parked';
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
}
