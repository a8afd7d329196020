import { expect } from '@jest/globals';
import type { EventRecord } from '../../lib/task/event.record.js';
import type {
  Ack,
  Added,
  ClaimedTask,
  Finished,
  NewTask,
  Push,
  QueueBroker,
  QueueSettings,
  Retention,
  Rooms,
  Step,
} from '../../lib/task/task.broker.js';
import type { FinalState, TaskState } from '../../lib/task/task.state.js';
import type { EngineUnderTest, Stored, TestProcess } from './task-broker.engine.js';
import { checkQueue } from './task-broker.invariants.js';

export const LEASE = 4_000;
export const IDLE_LEASE = 60_000;
export const KEEP_MS = 3_600_000;

export const SETTINGS: QueueSettings = {
  name: 'mail',
  leaseMs: LEASE,
  idleLeaseMs: IDLE_LEASE,
  maxCrashes: 2,
  keep: keeping({}),
  limits: undefined,
};

/** So much is kept of each state, otherwise 100 tasks for an hour. */
export function keeping(parts: Partial<Record<FinalState, Partial<Retention>>>): QueueSettings['keep'] {
  const whole: Retention = { count: 100, ageMs: KEEP_MS, bytes: undefined };
  return {
    completed: { ...whole, ...parts.completed },
    dead: { ...whole, ...parts.dead },
    cancelled: { ...whole, ...parts.cancelled },
    expired: { ...whole, ...parts.expired },
  };
}

const nothing = { count: 0, ageMs: 0 };
export const KEEP_NOTHING = keeping({
  completed: nothing,
  dead: nothing,
  cancelled: nothing,
  expired: nothing,
});

/** A count for each state, 0 where nothing is said. */
export const countsOf = (counts: Partial<Record<TaskState, number>>): Record<TaskState, number> => ({
  waiting: 0,
  delayed: 0,
  blocked: 0,
  active: 0,
  completed: 0,
  dead: 0,
  cancelled: 0,
  expired: 0,
  parked: 0,
  ...counts,
});

export const envelopeOf = (id: string, name = 'send'): string => `1${name}\n\n\n${id}`;

export const task = (id: string, due?: NewTask['due'], name?: string): NewTask => ({
  id,
  envelope: envelopeOf(id, name),
  ...(due && { due }),
});

/** A task that is more than an id: of a priority, a group, a name … */
export const one = (id: string, more: Partial<NewTask> & { readonly name?: string } = {}): NewTask => {
  const { name, ...rest } = more;
  return { id, envelope: envelopeOf(id, name), ...rest };
};

export const ADDED: Added = { to: 'added' };
export const FULL: Added = { to: 'full' };
export const exists = (id: string): Added => ({ to: 'exists', id });
export const inPlaceOf = (id: string): Added => ({ to: 'added', replaced: id });

export const tasks = (...ids: readonly string[]): NewTask[] => ids.map((id) => task(id));

export const completed = (id: string, outcome = `result of ${id}`): Ack => ({
  id,
  to: 'completed',
  outcome,
  tries: 1,
});
export const dead = (id: string, tries = 1): Ack => ({ id, to: 'dead', outcome: `error of ${id}`, tries });
export const parked = (id: string, tries = 0): Ack => ({
  id,
  to: 'parked',
  outcome: `nobody knows ${id}`,
  tries,
});
export const cancelled = (id: string, tries = 0): Ack => ({
  id,
  to: 'cancelled',
  outcome: `stopped ${id}`,
  tries,
});
export const retried = (id: string, delayMs = 0, tries = 1): Ack => ({
  id,
  to: 'retry',
  outcome: `error of ${id}`,
  tries,
  delayMs,
});

type Reply = Exclude<Step, 'lost'>;

/** A process with a consumer, as the runtime drives one. */
export class TestWorker {
  readonly pushes: Push[] = [];
  /** Limits that opening the queue here has replaced. */
  readonly replacedLimits: string[] = [];
  /** How often it was told that there is room again. */
  rooms = 0;
  consumer = '';

  constructor(
    readonly process: TestProcess,
    readonly queue: QueueBroker,
  ) {
    queue.onPush((push) => this.pushes.push(push));
    queue.onLimitsReplaced((before) => this.replacedLimits.push(before));
    queue.onRoom(() => this.rooms++);
  }

  async join(previous?: {
    readonly consumer: string;
    readonly keep: readonly string[];
  }): Promise<readonly string[]> {
    const joined = await this.queue.join(previous);
    this.consumer = joined.consumer;
    return joined.kept;
  }

  /** A step that must not be lost. */
  async step(slots: number, ...acks: readonly Ack[]): Promise<Reply> {
    const step = await this.queue.step(this.consumer, acks, slots);
    if (step === 'lost') throw new Error(`consumer ${this.consumer} counts as dead`);
    return step;
  }

  /** The ids that a step claims. */
  async claim(slots: number, ...acks: readonly Ack[]): Promise<string[]> {
    return (await this.step(slots, ...acks)).tasks.map(({ id }) => id);
  }

  /** A step with room for some names and not for others, that must not be lost. */
  async stepFor(rooms: Rooms, ...acks: readonly Ack[]): Promise<Reply> {
    const step = await this.queue.step(this.consumer, acks, 100, rooms);
    if (step === 'lost') throw new Error(`consumer ${this.consumer} counts as dead`);
    return step;
  }

  async claimFor(rooms: Rooms, ...acks: readonly Ack[]): Promise<string[]> {
    return (await this.stepFor(rooms, ...acks)).tasks.map(({ id }) => id);
  }

  /** Everything of that state, in order. */
  list(state: TaskState): Promise<readonly string[]> {
    return this.queue.list(state, 0, -1);
  }

  async states(...ids: readonly string[]): Promise<readonly (TaskState | undefined)[]> {
    return (await this.queue.read(ids)).map((record) => record?.state);
  }

  tidy(...names: readonly string[]): Promise<{ readonly more: boolean }> {
    return this.queue.tidy(this.consumer, names);
  }

  /** The tasks that it was handed so far. */
  async handed(): Promise<readonly ClaimedTask[]> {
    await this.process.delivered();
    return this.pushes.flatMap((push) =>
      push.kind === 'task' && push.consumer === this.consumer ? [push.task] : [],
    );
  }

  async handedIds(): Promise<readonly string[]> {
    return (await this.handed()).map(({ id }) => id);
  }

  /** The ends that it was told so far. */
  async told(): Promise<readonly (Finished & { readonly id: string })[]> {
    await this.process.delivered();
    return this.pushes.flatMap((push) => {
      if (push.kind !== 'finished') return [];
      const { id, state, outcome } = push;
      return [{ id, state, outcome }];
    });
  }

  /** The tasks of its own that it was told to stop, so far. */
  async cancels(): Promise<readonly string[]> {
    await this.process.delivered();
    return this.pushes.flatMap((push) =>
      push.kind === 'cancel' && push.consumer === this.consumer ? [push.id] : [],
    );
  }

  /** The events that its process was told so far. */
  async events(): Promise<readonly EventRecord[]> {
    await this.process.delivered();
    return this.pushes.flatMap((push) => (push.kind === 'event' ? [push.event] : []));
  }

  /** How often it was told that there is room again, so far. */
  async roomsTold(): Promise<number> {
    await this.process.delivered();
    return this.rooms;
  }

  /** In how many ms it was told to look, so far. */
  async dues(): Promise<readonly number[]> {
    await this.process.delivered();
    return this.pushes.flatMap((push) => (push.kind === 'due' ? [push.inMs] : []));
  }
}

/** Processes on one store, and what must be true of the store whatever they did. */
export class Fleet {
  private readonly members: TestWorker[] = [];
  private readonly killed = new Set<TestProcess>();
  /** Ids whose record a test has deleted behind the engine's back. */
  readonly tombstones = new Set<string>();

  constructor(readonly engine: EngineUnderTest) {}

  /** A process that only adds and asks. */
  async producer(settings: Partial<QueueSettings> = {}): Promise<TestWorker> {
    const process = await this.engine.process();
    const merged = { ...SETTINGS, ...settings };
    const worker = new TestWorker(process, process.broker.queue(merged));
    this.members.push(worker);
    return worker;
  }

  /** A process that listens and is a consumer. */
  async worker(settings: Partial<QueueSettings> = {}): Promise<TestWorker> {
    const worker = await this.producer(settings);
    await worker.process.broker.listen();
    await worker.join();
    return worker;
  }

  /** A worker that holds these tasks, and nothing else; they must not exist yet. */
  async workerWith(ids: readonly string[], settings: Partial<QueueSettings> = {}): Promise<TestWorker> {
    const worker = await this.worker(settings);
    await worker.queue.add(tasks(...ids));
    expect(await worker.claim(ids.length)).toEqual(ids);
    return worker;
  }

  /** It neither calls nor hears anything any more. */
  async kill(...workers: readonly TestWorker[]): Promise<void> {
    for (const { process } of workers) {
      this.killed.add(process);
      await process.die();
    }
  }

  advance(ms: number): Promise<void> {
    return this.engine.advance(ms);
  }

  /**
   * Lets the leases of everyone but `alive` run out, in pieces that are shorter than a silence, and lets `alive` look
   * around. Returns what it claimed.
   */
  async outlive(alive: TestWorker, slots: number): Promise<string[]> {
    const claimed: string[] = [];
    for (let left = LEASE + 1; left > 0; left -= LEASE / 4) {
      await this.advance(Math.min(left, LEASE / 4));
      claimed.push(...(await alive.claim(slots)));
    }
    return claimed;
  }

  look(queue = SETTINGS.name): Promise<Stored> {
    return this.engine.look(queue);
  }

  async dropRecord(id: string): Promise<void> {
    this.tombstones.add(id);
    await this.engine.dropRecord(SETTINGS.name, id);
  }

  async places(queue = SETTINGS.name): Promise<Partial<Record<string, readonly string[]>>> {
    const { places } = await this.look(queue);
    return Object.fromEntries(Object.entries(places).filter(([, ids]) => ids.length > 0));
  }

  /** Fails when an invariant of the store is broken. */
  async check(): Promise<void> {
    const living = this.members.filter(({ process }) => !this.killed.has(process));
    const queues = new Map(living.map(({ queue }) => [queue.name, queue]));
    for (const queue of queues.values()) await checkQueue(this.engine, queue, this.tombstones);
    for (const { queue, process } of living) await this.checkQuiet(queue.name, process);
  }

  /** Whatever is left to be done, nobody is told that there is nothing. */
  private async checkQuiet(queue: string, { broker }: TestProcess): Promise<void> {
    const { waiting, suspects, delayed, blocked, active, parked } = (await this.look(queue)).places;
    const left = [waiting, suspects, delayed, blocked, active, parked].flat();
    if (left.length > 0) expect([left, await broker.quiet([queue])]).toEqual([left, false]);
  }

  async close(): Promise<void> {
    try {
      await this.check();
    } finally {
      await this.engine.close();
    }
  }
}
