import { expect } from '@jest/globals';
import type {
  Ack,
  ClaimedTask,
  Finished,
  NewTask,
  Push,
  QueueBroker,
  QueueSettings,
  Step,
} from '../../lib/task/task.broker.js';
import {
  numberOf,
  PLACES,
  type EngineUnderTest,
  type Stored,
  type TestProcess,
} from './task-broker.engine.js';

export const LEASE = 4_000;
export const IDLE_LEASE = 60_000;
export const KEEP_MS = 3_600_000;

export const SETTINGS: QueueSettings = {
  name: 'mail',
  leaseMs: LEASE,
  idleLeaseMs: IDLE_LEASE,
  maxCrashes: 2,
  keep: { completed: { count: 100, ageMs: KEEP_MS }, dead: { count: 100, ageMs: KEEP_MS } },
};

export const envelopeOf = (id: string, name = 'send'): string => `1${name}\n\n\n${id}`;

export const task = (id: string, due?: NewTask['due'], name?: string): NewTask => ({
  id,
  envelope: envelopeOf(id, name),
  ...(due && { due }),
});

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
  consumer = '';

  constructor(
    readonly process: TestProcess,
    readonly queue: QueueBroker,
  ) {
    queue.onPush((push) => this.pushes.push(push));
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

  /** In how many ms it was told to look, so far. */
  async dues(): Promise<readonly number[]> {
    await this.process.delivered();
    return this.pushes.flatMap((push) => (push.kind === 'due' ? [push.inMs] : []));
  }
}

/** Processes on one store, and what must be true of the store whatever they did. */
export class Fleet {
  private readonly queues = new Set<string>();
  /** Ids whose record a test has deleted behind the engine's back. */
  readonly tombstones = new Set<string>();

  constructor(readonly engine: EngineUnderTest) {}

  /** A process that only adds and asks. */
  async producer(settings: Partial<QueueSettings> = {}): Promise<TestWorker> {
    const process = await this.engine.process();
    const merged = { ...SETTINGS, ...settings };
    this.queues.add(merged.name);
    return new TestWorker(process, process.broker.queue(merged));
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
    for (const { process } of workers) await process.die();
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
    for (const queue of this.queues) checkStored(await this.look(queue), this.engine.now(), this.tombstones);
  }

  async close(): Promise<void> {
    try {
      await this.check();
    } finally {
      await this.engine.close();
    }
  }
}

export function checkStored(stored: Stored, now: number, tombstones: ReadonlySet<string>): void {
  const { records, places, holders, consumers, idle, sideRecords, suspected } = stored;
  const known = new Set([...records, ...tombstones]);
  const placed = PLACES.flatMap((place) => places[place]).filter((id) => !tombstones.has(id));
  const numbers = new Set([...consumers.keys()].map(numberOf));
  const ready = [...idle.keys()].filter((name) => (consumers.get(name) ?? 0) >= now);
  const broken = {
    'I1: tasks that are nowhere': records.filter((id) => !placed.includes(id)),
    'I1: in two places': placed.filter((id, at) => placed.indexOf(id) !== at),
    'I1: without a record': placed.filter((id) => !known.has(id)),
    'I2: in hand of nobody who is watched': [...holders].filter(([, number]) => !numbers.has(number)),
    'I3: waiting though somebody is idle': ready.length > 0 ? places.waiting : [],
    'left of tasks that are gone': sideRecords.filter((id) => !known.has(id)),
    'left of consumers that are gone': [...idle.keys(), ...suspected.keys()].filter(
      (name) => !consumers.has(name),
    ),
    'idle with no free slot': [...idle].filter(([, free]) => free <= 0),
    'suspects in no hand': [...suspected].filter(([consumer, id]) => holders.get(id) !== numberOf(consumer)),
  };
  expect(Object.entries(broken).filter(([, items]) => items.length > 0)).toEqual([]);
}
