import { EngineReplyError } from '../../common/errors.js';
import { EVENT_LEASE_MS, type TaskEventName } from '../../task/event.record.js';
import { ENVELOPE_VERSIONS } from '../../task/task.envelope.js';
import type {
  Ack,
  Added,
  Beat,
  ConsumerRecord,
  Finished,
  Joined,
  NewTask,
  NoteKind,
  Push,
  QueueBroker,
  QueueSettings,
  Rooms,
  Step,
  TaskRecord,
} from '../../task/task.broker.js';
import { FINAL_STATES, TASK_STATES, type FinalState, type TaskState } from '../../task/task.state.js';
import type { LuaScript } from './lua.js';
import type { RedisInbox } from './redis-inbox.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import { addCalls, addedBy } from './redis-task.adding.js';
import {
  claimedTasks,
  consumerRecords,
  extraText,
  isPlain,
  keptText,
  namesText,
  openText,
  roomsText,
  taskRecord,
} from './redis-task.texts.js';
import { BEAT, JOIN, LEAVE } from './scripts/consumer.lua.js';
import { OBLITERATE, OPEN, SUBSCRIBE } from './scripts/opening.lua.js';
import { AWAIT, COUNTS, INSPECT, LIST, NOTE, READ } from './scripts/record.lua.js';
import { CANCEL, CLEAN, PAUSE, PROMOTE, REMOVE, RETRY } from './scripts/steer.lua.js';
import { STEP, STEP_WITH_ENDINGS, STEP_WITH_ROOMS } from './scripts/step.lua.js';
import { TIDY } from './scripts/tidy.lua.js';

/** Tasks of one call of any kind but `add`, so that none blocks Redis, or travels, for long. */
const IDS_LIMIT = 500;

/** A queue on Redis: each transition is one script, see scripts/. */
export class RedisQueueBroker implements QueueBroker {
  readonly name: string;
  private readonly prefix: string;
  private readonly header: readonly (string | number)[];
  private readonly pushListeners: ((push: Push) => void)[] = [];
  private readonly gapListeners: (() => void)[] = [];
  private readonly roomListeners: (() => void)[] = [];
  private readonly limitsListeners: ((before: string) => void)[] = [];
  private opening: Promise<void> | undefined;
  private isOpen = false;

  constructor(
    private readonly settings: QueueSettings,
    private readonly link: RedisLink,
    private readonly inbox: RedisInbox,
    keys: RedisKeys,
    private readonly process: string,
  ) {
    this.name = settings.name;
    this.prefix = keys.queue(settings.name);
    this.header = [settings.name, keys.wakePrefix, settings.leaseMs, keptText(settings)];
  }

  async add(tasks: readonly NewTask[]): Promise<readonly Added[]> {
    const answers = await Promise.all(
      addCalls(tasks).map(async (call) =>
        addedBy(call, await this.run(call.script, [this.process, ...call.args])),
      ),
    );
    return answers.flat();
  }

  async join(previous?: { readonly consumer: string; readonly keep: readonly string[] }): Promise<Joined> {
    const { consumer = '', keep = [] } = previous ?? {};
    const args = [this.process, this.settings.idleLeaseMs, consumer, ...keep];
    const [joined, kept] = (await this.run(JOIN, args)) as [string, string[]];
    return { consumer: joined, kept };
  }

  async step(consumer: string, acks: readonly Ack[], slots: number, rooms?: Rooms): Promise<Step> {
    const { idleLeaseMs, maxCrashes } = this.settings;
    const script = rooms ? STEP_WITH_ROOMS : acks.every(isPlain) ? STEP : STEP_WITH_ENDINGS;
    const args: (string | number)[] = [consumer, slots, idleLeaseMs, maxCrashes, roomsText(rooms)];
    for (const ack of acks) {
      args.push(ack.id, ack.outcome);
      if (script !== STEP) args.push(ack.to, ack.tries, extraText(ack));
    }
    const reply = (await this.run(script, args, [this.inbox.key]).catch((error: unknown) => {
      // It may have taken messages for other queues from the wake list before it failed.
      if (error instanceof EngineReplyError) this.inbox.gap();
      throw error;
    })) as [next: number, ids: string[], envelopes: string[], tries: string[], messages: string[]] | null;
    if (!reply) return 'lost';
    const [next, ids, envelopes, tries, messages] = reply;
    if (messages.length > 0) this.inbox.deliver(messages);
    return { tasks: claimedTasks(ids, envelopes, tries), nextMs: next < 0 ? undefined : next };
  }

  async beat(consumer: string, state: 'busy' | 'idle'): Promise<Beat> {
    return (await this.run(BEAT, [consumer, this.settings.idleLeaseMs, state])) as Beat;
  }

  async leave(consumer: string): Promise<void> {
    await this.run(LEAVE, [consumer]);
  }

  async note(consumer: string, id: string, kind: NoteKind, text: string): Promise<boolean> {
    return (await this.run(NOTE, [consumer, id, kind, text])) === 1;
  }

  async awaitOutcome(id: string): Promise<Finished | 'pending' | 'unknown'> {
    const reply = (await this.run(AWAIT, [id, this.process])) as [FinalState, string] | 'pending' | 'unknown';
    return typeof reply === 'string' ? reply : { state: reply[0], outcome: reply[1] };
  }

  async tidy(consumer: string, names: readonly string[]): Promise<{ readonly more: boolean }> {
    const ages = FINAL_STATES.map((state) => this.settings.keep[state].ageMs);
    const args = [consumer, ...ages, ENVELOPE_VERSIONS.length, ...ENVELOPE_VERSIONS, ...names];
    return { more: (await this.run(TIDY, args)) === 1 };
  }

  async read(ids: readonly string[]): Promise<readonly (TaskRecord | undefined)[]> {
    const rows = await this.each<string[] | null>(READ, ids);
    return rows.map((row, i) => (row ? taskRecord(ids[i] ?? '', row) : undefined));
  }

  async list(state: TaskState, start: number, stop: number): Promise<readonly string[]> {
    return (await this.run(LIST, [state, start, stop])) as string[];
  }

  async counts(): Promise<Readonly<Record<TaskState, number>>> {
    const counts = (await this.run(COUNTS, [])) as number[];
    return Object.fromEntries(TASK_STATES.map((state, i) => [state, counts[i] ?? 0])) as Record<
      TaskState,
      number
    >;
  }

  async remove(ids: readonly string[]): Promise<readonly ('removed' | 'missing' | 'active')[]> {
    return this.each(REMOVE, ids);
  }

  async cancel(
    ids: readonly string[],
  ): Promise<readonly ('cancelled' | 'cancelling' | 'ended' | 'missing')[]> {
    return this.each(CANCEL, ids);
  }

  async promote(ids: readonly string[]): Promise<readonly boolean[]> {
    return (await this.each<number>(PROMOTE, ids)).map((done) => done === 1);
  }

  async retry(ids: readonly string[], everyMs: number, firstInMs = 0): Promise<readonly boolean[]> {
    return (await this.each<number>(RETRY, ids, [everyMs, firstInMs])).map((done) => done === 1);
  }

  async clean(state: Exclude<TaskState, 'active'>, olderThanMs: number): Promise<number> {
    return (await this.run(CLEAN, [state, olderThanMs])) as number;
  }

  async pause(name = ''): Promise<void> {
    await this.run(PAUSE, ['pause', name]);
  }

  async resume(name = ''): Promise<void> {
    await this.run(PAUSE, ['resume', name]);
  }

  async paused(): Promise<{ readonly queue: boolean; readonly names: readonly string[] }> {
    const [queue, names] = await this.inspect();
    return { queue: queue === 1, names };
  }

  async obliterate(): Promise<void> {
    await this.run(OBLITERATE, []);
  }

  async consumers(): Promise<readonly ConsumerRecord[]> {
    return consumerRecords((await this.inspect())[2]);
  }

  async subscribe(pushed: readonly TaskEventName[], stored: readonly TaskEventName[]): Promise<void> {
    await this.run(SUBSCRIBE, [this.process, EVENT_LEASE_MS, namesText(pushed), namesText(stored)]);
  }

  onPush(listener: (push: Push) => void): void {
    this.pushListeners.push(listener);
  }

  onGap(listener: () => void): void {
    this.gapListeners.push(listener);
  }

  onRoom(listener: () => void): void {
    this.roomListeners.push(listener);
  }

  onLimitsReplaced(listener: (before: string) => void): void {
    this.limitsListeners.push(listener);
  }

  push(push: Push): void {
    this.pushListeners.forEach((listener) => listener(push));
  }

  gap(): void {
    this.gapListeners.forEach((listener) => listener());
    // What said so may have been lost.
    this.hasRoom();
  }

  hasRoom(): void {
    this.roomListeners.forEach((listener) => listener());
  }

  private async inspect(): Promise<[paused: number, names: string[], consumers: (string | number)[]]> {
    return (await this.run(INSPECT, [])) as [number, string[], (string | number)[]];
  }

  /** A script that answers for each id, in calls of a bounded size. */
  private async each<T>(
    script: LuaScript,
    ids: readonly string[],
    args: readonly (string | number)[] = [],
  ): Promise<T[]> {
    const calls: Promise<unknown>[] = [];
    for (let from = 0; from < ids.length; from += IDS_LIMIT) {
      calls.push(this.run(script, [...args, ...ids.slice(from, from + IDS_LIMIT)]));
    }
    return ((await Promise.all(calls)) as T[][]).flat();
  }

  private run(
    script: LuaScript,
    args: readonly (string | number)[],
    keys: readonly string[] = [],
  ): Promise<unknown> {
    if (!this.isOpen) return this.open().then(() => this.run(script, args, keys));
    // Sent before this returns: whoever called may begin something else meanwhile.
    return this.link.run(script, [this.prefix, ...keys], [...this.header, ...args]);
  }

  /** Once, before anything else; again by the next call when it failed. */
  private open(): Promise<void> {
    this.opening ??= this.link.run(OPEN, [this.prefix], [...this.header, openText(this.settings)]).then(
      (before) => {
        this.isOpen = true;
        if (typeof before === 'string') this.limitsListeners.forEach((listener) => listener(before));
      },
      (error: unknown) => {
        this.opening = undefined;
        throw error;
      },
    );
    return this.opening;
  }
}
