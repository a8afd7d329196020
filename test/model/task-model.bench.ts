import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import { readEvent, type EventRecord, type TaskEventName } from '../../lib/task/event.record.js';
import type {
  Push,
  QueueBroker,
  QueueLimits,
  QueueSettings,
  TaskRecord,
} from '../../lib/task/task.broker.js';
import { TASK_STATES, type TaskState } from '../../lib/task/task.state.js';
import type { EngineUnderTest, TestProcess } from '../contract/task-broker.engine.js';
import { Actor } from './task-model.actor.js';
import { ClaimRules, type Ask, type Claim } from './task-model.claims.js';
import { QueueModel } from './task-model.queue.js';
import { dropped } from './task-model.retention.js';
import type { ModelTask } from './task-model.task.js';

/** What a call has led to, as far as it can be seen from outside. */
export interface Seen {
  readonly records: ReadonlyMap<string, TaskRecord | undefined>;
  readonly claims: readonly Claim[];
}

/** A queue of an engine beside the model of it: whatever is done to the one is done to the other, and both are compared. */
export class Bench {
  readonly actors: Actor[] = [];
  readonly log: string[] = [];
  /** Calls that were compared. */
  performed = 0;
  /** Nobody has overslept: what time alone makes claimable was looked at. */
  isSettled = true;
  /** Ids that were ever added. */
  readonly known = new Set<string>();
  /** Names that processes had before. */
  readonly formerNames: string[] = [];
  private readonly seenPushes = new Map<Actor, number>();
  private storedEvents = 0;

  constructor(
    readonly engine: EngineUnderTest,
    processes: readonly TestProcess[],
    /** Processes that do not know the queue yet. */
    readonly spare: TestProcess[],
    readonly model: QueueModel,
    public settings: QueueSettings,
  ) {
    for (const process of processes) this.actors.push(new Actor(process, process.broker.queue(settings)));
  }

  /** Another process with the limits that hold. */
  enter(): Actor {
    const process = this.spare.pop()!;
    const actor = new Actor(process, process.broker.queue(this.settings));
    this.actors.push(actor);
    return actor;
  }

  /** A process opens the queue with other limits. */
  async open(limits: QueueLimits): Promise<void> {
    const process = this.spare.pop()!;
    this.settings = { ...this.settings, limits };
    await process.broker.queue(this.settings).counts();
  }

  /** Somebody whose calls are of no consequence to who holds what. */
  get queue(): QueueBroker {
    return this.actors[0]!.queue;
  }

  get present(): Actor[] {
    return this.actors.filter(({ isPresent }) => isPresent);
  }

  actorOf(process: string): Actor {
    return this.actors.find((actor) => actor.process.name === process)!;
  }

  /**
   * Calls the engine, lets the model do the same with its answer, and compares what can be seen of both.
   */
  async perform<T>(
    what: string,
    call: () => Promise<T>,
    apply: (result: T, seen: Seen) => Ask | undefined,
    answered: (result: T) => readonly Claim[] = () => [],
  ): Promise<T> {
    this.log.push(what);
    this.performed++;
    this.model.now = this.engine.now();
    this.model.news = { told: [], cancels: [], events: [] };
    const result = await call();
    await Promise.all(this.actors.map(({ process }) => process.delivered()));
    const ids = [...this.known];
    const [records, counts, consumers] = await Promise.all([
      this.queue.read(ids),
      this.queue.counts(),
      this.queue.consumers(),
    ]);
    const pushes = this.newPushes();
    const pushed = pushes.flatMap(({ push }): Claim[] =>
      push.kind === 'task' ? [{ consumer: push.consumer, task: push.task, isPushed: true }] : [],
    );
    const seen: Seen = {
      records: new Map(ids.map((id, at) => [id, records[at]])),
      claims: [...answered(result), ...pushed],
    };
    const ask = apply(result, seen);
    this.endWhatIsLate(seen);
    this.claim(seen.claims, ask);
    this.forgetWhatIsNotKept(seen);
    this.compareRecords(seen);
    this.compareCounts(counts);
    this.compareConsumers(consumers);
    await this.comparePushes(pushes);
    this.checkNobodyIdles();
    return result;
  }

  /** Lists of all states have what the model has, in an order that it allows. */
  async compareLists(): Promise<void> {
    // Of the others it was counted that there are none.
    const states = TASK_STATES.filter((state) => this.model.in(state).length > 0);
    const lists = await Promise.all(states.map((state) => this.queue.list(state, 0, -1)));
    states.forEach((state, at) => {
      const ids = lists[at] ?? [];
      same(`list of ${state}`, [...ids].sort(), idsOf(this.model.in(state)).sort());
      if (state !== 'waiting' && state !== 'active' && state !== 'blocked') {
        const times = ids.map((id) => this.model.tasks.get(id)?.at ?? 0);
        same(
          `order of ${state}`,
          times,
          times.toSorted((a, b) => a - b),
        );
      }
    });
  }

  /** What is stored of events so far is not looked at. */
  async skipStored(): Promise<void> {
    this.storedEvents = (await this.eventQueue().list('waiting', 0, -1)).length;
  }

  private eventQueue(): QueueBroker {
    return this.actors[0]!.process.broker.queue({
      ...this.settings,
      name: this.model.eventQueue,
      limits: undefined,
    });
  }

  private newPushes(): { readonly actor: Actor; readonly push: Push }[] {
    return this.actors.flatMap((actor) => {
      const news = actor.pushes.slice(this.seenPushes.get(actor) ?? 0);
      this.seenPushes.set(actor, actor.pushes.length);
      for (const push of news) if (push.kind === 'due') actor.look(this.model.now + push.inMs);
      return news.map((push) => ({ actor, push }));
    });
  }

  /** What has expired need not end before somebody looks, and must not be claimed. */
  endWhatIsLate({ records }: Seen): void {
    const ended = this.model.overdue().filter(({ id }) => {
      const state = records.get(id)?.state;
      return state === undefined || state === 'expired';
    });
    if (ended.length > 0) this.model.expire(ended);
  }

  private claim(claims: readonly Claim[], ask: Ask | undefined): void {
    const rules = new ClaimRules(this.model, ask);
    const faults = claims.flatMap((claim) => rules.claim(claim) ?? []);
    for (const { consumer, task } of claims) {
      this.log.push(`  ${consumer} has ${task.id}`);
      this.actors.find((actor) => actor.consumer === consumer)?.hand.add(task.id);
    }
    for (const task of this.model.in('waiting')) task.overtakes ||= this.model.pausedNames.has(task.name);
    same('claims', [...faults, ...rules.passedBy()], []);
    const self = this.model.consumers.get(ask?.consumer ?? '');
    if (!self || !ask) return;
    if (ask.unparked) return;
    const handed = claims.filter(({ consumer, isPushed }) => isPushed && consumer === self.name).length;
    same('handed to who has just stepped', handed, 0);
    self.free = ask.rooms ? 0 : Math.max(0, ask.slots - this.model.handOf(self.name).length);
    this.model.hands.renew(self);
  }

  private forgetWhatIsNotKept({ records }: Seen): void {
    const { gone, faults } = dropped(this.model, (id) => records.get(id) === undefined);
    same('what is kept', faults, []);
    for (const id of gone) this.model.tasks.delete(id);
  }

  private compareRecords({ records }: Seen): void {
    const expected = new Map([...records.keys()].map((id) => [id, recordOf(this.model.tasks.get(id))]));
    same('records', Object.fromEntries(records), Object.fromEntries(expected));
  }

  private compareCounts(counts: Readonly<Record<TaskState, number>>): void {
    const expected = Object.fromEntries(TASK_STATES.map((state) => [state, this.model.in(state).length]));
    same('counts', counts, expected);
  }

  private compareConsumers(
    consumers: readonly { readonly consumer: string; readonly active: number; readonly until: number }[],
  ): void {
    const text = (name: string, active: number, until: number): string => `${name} ${active} ${until}`;
    const living = [...this.model.consumers.values()].filter(({ deadline }) => deadline >= this.model.now);
    same(
      'consumers',
      consumers.map(({ consumer, active, until }) => text(consumer, active, until)).sort(),
      living.map(({ name, deadline }) => text(name, this.model.handOf(name).length, deadline)).sort(),
    );
  }

  private async comparePushes(
    pushes: readonly { readonly actor: Actor; readonly push: Push }[],
  ): Promise<void> {
    const { told, cancels, events } = this.model.news;
    const seen = { told: [] as string[], cancels: [] as string[] };
    for (const { actor, push } of pushes) {
      const { name } = actor.process;
      if (push.kind === 'finished') seen.told.push(`${name} ${push.id} ${push.state} ${push.outcome}`);
      if (push.kind === 'cancel') seen.cancels.push(`${name} ${push.consumer} ${push.id}`);
    }
    same('ends told', seen.told.sort(), told.sort());
    same('cancels told', seen.cancels.sort(), cancels.sort());
    for (const actor of this.actors) {
      const names = this.subscribed(actor, 'pushed');
      const got = pushes.flatMap(({ actor: to, push }) =>
        to === actor && push.kind === 'event' ? [push.event] : [],
      );
      if (names) same(`events of ${actor.process.name}`, texts(got), texts(named(events, names)));
    }
    await this.compareStored(events);
    this.compareRooms();
  }

  private async compareStored(events: readonly EventRecord[]): Promise<void> {
    const subscriptions = this.actors.map((actor) => this.subscribed(actor, 'stored'));
    const names = subscriptions.flatMap((one) => one ?? []);
    if (names.length === 0 || subscriptions.includes(undefined)) return;
    const stored = this.eventQueue();
    const ids = (await stored.list('waiting', 0, -1)).slice(this.storedEvents);
    this.storedEvents += ids.length;
    const got = (await stored.read(ids)).map((record) => {
      const [head = '', , , ...written] = (record?.envelope ?? '').split('\n');
      return readEvent(head.slice(1) as TaskEventName, written.join('\n'));
    });
    same('stored events', texts(got), texts(named(events, names)));
  }

  private subscribed(actor: Actor, kind: 'pushed' | 'stored'): readonly TaskEventName[] | undefined {
    const { subscriptions } = this.model;
    if (!subscriptions.has(actor.process.name)) return [];
    return subscriptions.get(actor.process.name)?.[kind];
  }

  private compareRooms(): void {
    const told = this.actors.filter(({ roomsTold }) => roomsTold > 0);
    for (const actor of told) actor.roomsTold = 0;
    same('room', this.model.backlog.tell(new Set(told.map(({ process }) => process.name))), []);
  }

  /** Nothing that may be claimed waits while somebody who is there has a slot for it, and will not look by itself. */
  private checkNobodyIdles(): void {
    if (!this.isSettled || this.model.tokensKnownFrom > this.model.now) return;
    const idle = [...this.model.consumers.values()].filter(
      ({ free, deadline }) => free > 0 && deadline >= this.model.now,
    );
    const actors = idle.map(({ process }) => this.actorOf(process));
    if (idle.length === 0 || actors.some(({ isPresent }) => !isPresent)) return;
    if (actors.some(({ lookAt }) => lookAt <= this.model.now)) return;
    const rules = new ClaimRules(this.model, undefined);
    const left = this.model.in('waiting').filter((task) => !task.isSuspect && !rules.fault(task));
    same(`left waiting though ${idle.map(({ name }) => name).join()} is idle`, idsOf(left), []);
  }
}

const idsOf = (tasks: readonly ModelTask[]): string[] => tasks.map(({ id }) => id);

/** In order, as far as they are of the same task. */
const texts = (events: readonly EventRecord[]): string[] =>
  events
    .toSorted((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0))
    .map((event) => JSON.stringify(event));

const named = (events: readonly EventRecord[], names: readonly TaskEventName[]): EventRecord[] =>
  events.filter(({ name }) => names.includes(name));

/** What is to be read of a task. */
function recordOf(task: ModelTask | undefined): TaskRecord | undefined {
  if (!task) return undefined;
  const {
    id,
    state,
    envelope,
    tries,
    at,
    outcome,
    progress,
    log,
    history,
    priority,
    group,
    unique,
    expiresAt,
  } = task;
  return {
    id,
    state,
    envelope,
    tries,
    at: state === 'waiting' || state === 'active' || state === 'blocked' ? undefined : at,
    outcome: outcome || undefined,
    progress,
    log,
    history,
    priority,
    group,
    uniqueKey: unique?.key,
    expiresAt,
  };
}

/** Costs little as long as it is so. */
function same(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect({ [what]: actual }).toEqual({ [what]: expected });
}
