import { TASK_STATES } from '../../lib/task/task.state.js';
import type { QueueLimits, TaskBroker } from '../../lib/task/task.broker.js';

/** One engine under test: processes that share a store, and its clock in the hand of the test. */
export interface EngineUnderTest {
  /** Another process, with a broker and an inbox of its own. */
  process(): Promise<TestProcess>;
  /** The engine's time, in ms since the epoch. */
  now(): number;
  /** Moves the engine's clock; back when negative. */
  advance(ms: number): Promise<void>;
  /** What is stored of a queue, read past the broker. */
  look(queue: string): Promise<Stored>;
  /** Deletes a task's record and nothing else, as no method of the broker does. */
  dropRecord(queue: string, id: string): Promise<void>;
  close(): Promise<void>;
}

export interface TestProcess {
  readonly name: string;
  readonly broker: TaskBroker;
  /** Resolves when everything that was pushed to this process so far has been delivered. */
  delivered(): Promise<void>;
  /** It never receives another push, like a process that was killed. */
  die(): Promise<void>;
}

/** Places in which a task can be. Exactly one at any time (I1). */
export const PLACES = ['suspects', ...TASK_STATES] as const;

export type Place = (typeof PLACES)[number];

export interface Stored {
  /** Ids whose envelope is stored. */
  readonly records: readonly string[];
  /** `waiting`: lanes, levels from the highest on, what is held back of groups; all in the order in which they are claimed. */
  readonly places: Readonly<Record<Place, readonly string[]>>;
  /** Those of `waiting` that are in a level: whoever claims next may come across them. */
  readonly levels: readonly string[];
  /** Number of the consumer that has the task in hand, by id. */
  readonly holders: ReadonlyMap<string, string>;
  /** When the lease of a consumer is over, by name. */
  readonly consumers: ReadonlyMap<string, number>;
  /** Free slots of the consumers that can be handed tasks, by name. */
  readonly idle: ReadonlyMap<string, number>;
  /** Ids of which a side record (outcome, traits, expiry, flag, history, who waits for it …) is kept. */
  readonly sideRecords: readonly string[];
  /** Consumers that have a suspect in hand, and which. */
  readonly suspected: ReadonlyMap<string, string>;
  /** Who has a unique key that is free when its holder has ended and not before, by key. */
  readonly unique: ReadonlyMap<string, string>;
  /** Which task is blocked, by the id of the one that it is blocked by. */
  readonly next: ReadonlyMap<string, string>;
  /** How many active tasks of a group are counted, by group; empty when nobody limits that. */
  readonly inflight: ReadonlyMap<string, number>;
  /** Active tasks that are to end as cancelled. */
  readonly flags: readonly string[];
  /** Ids that count as taken out of the middle of a list, and lie in no list. */
  readonly astray: readonly string[];
  /** The limits that hold. */
  readonly limits: QueueLimits;
  readonly isPaused: boolean;
}

/** The part of a consumer's name that is its own, whatever process it runs in. */
export const numberOf = (consumer: string): string => consumer.slice(0, consumer.indexOf(':'));
