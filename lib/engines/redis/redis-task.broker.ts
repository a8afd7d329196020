import { EngineReplyError } from '../../common/errors.js';
import { ENVELOPE_VERSION } from '../../task/task.envelope.js';
import type {
  Ack,
  Beat,
  ClaimedTask,
  Finished,
  Joined,
  NewTask,
  NoteKind,
  Push,
  QueueBroker,
  QueueSettings,
  Step,
  TaskBroker,
  TaskRecord,
} from '../../task/task.broker.js';
import { TASK_STATES, type FinalState, type TaskState } from '../../task/task.state.js';
import type { LuaScript } from './lua.js';
import type { RedisInbox } from './redis-inbox.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import { ADD } from './scripts/add.lua.js';
import { BEAT, JOIN, LEAVE } from './scripts/consumer.lua.js';
import { AWAIT, CHECK, COUNTS, LIST, NOTE, READ, REMOVE, TIDY } from './scripts/record.lua.js';
import { STEP } from './scripts/step.lua.js';

/** Tasks of one call of `add` at most, and their characters, so that none blocks Redis, or travels, for long. */
const ADD_LIMIT = 500;
const ADD_CHARACTERS = 1_000_000;

/** Tasks of one call of `read` at most, for the same reason. */
const READ_LIMIT = 500;

/** Tasks on Redis: each transition is one script, see scripts/. */
export class RedisTaskBroker implements TaskBroker {
  private readonly queues = new Map<string, RedisQueueBroker>();

  constructor(
    private readonly link: RedisLink,
    private readonly inbox: RedisInbox,
    private readonly keys: RedisKeys,
    private readonly process: string,
  ) {
    inbox.on('t', 5, ([queue = '', consumer = '', id = '', tries = '', envelope = '']) =>
      this.push(queue, { kind: 'task', consumer, task: { id, tries: Number(tries), envelope } }),
    );
    inbox.on('d', 2, ([queue = '', inMs]) => this.push(queue, { kind: 'due', inMs: Number(inMs) }));
    inbox.on('f', 4, ([queue = '', id = '', state, outcome = '']) =>
      this.push(queue, { kind: 'finished', id, state: state as Finished['state'], outcome }),
    );
    inbox.onGap(() => this.queues.forEach((queue) => queue.gap()));
    // A step empties the whole wake list; when its answer is lost, so are messages for other queues.
    link.onBack(() => inbox.gap());
  }

  queue(settings: QueueSettings): QueueBroker {
    let queue = this.queues.get(settings.name);
    if (!queue) {
      queue = new RedisQueueBroker(settings, this.link, this.inbox, this.keys, this.process);
      this.queues.set(settings.name, queue);
    }
    return queue;
  }

  listen(): Promise<void> {
    return this.inbox.start();
  }

  private push(queue: string, push: Push): void {
    this.queues.get(queue)?.push(push);
  }
}

class RedisQueueBroker implements QueueBroker {
  readonly name: string;
  private readonly prefix: string;
  private readonly header: readonly (string | number)[];
  private readonly pushListeners: ((push: Push) => void)[] = [];
  private readonly gapListeners: (() => void)[] = [];
  private checked = false;

  constructor(
    private readonly settings: QueueSettings,
    private readonly link: RedisLink,
    private readonly inbox: RedisInbox,
    keys: RedisKeys,
    private readonly process: string,
  ) {
    this.name = settings.name;
    this.prefix = keys.queue(settings.name);
    this.header = [settings.name, keys.wakePrefix, settings.leaseMs];
  }

  async add(tasks: readonly NewTask[]): Promise<readonly boolean[]> {
    const calls: Promise<unknown>[] = [];
    for (let from = 0, end = 0; from < tasks.length; from = end) {
      end = endOfCall(tasks, from);
      const args = tasks.slice(from, end).flatMap(({ id, envelope, due }) => [id, envelope, dueText(due)]);
      calls.push(this.run(ADD, args));
    }
    const created = (await Promise.all(calls)) as number[][];
    return created.flat().map((one) => one === 1);
  }

  async join(previous?: { readonly consumer: string; readonly keep: readonly string[] }): Promise<Joined> {
    const { consumer = '', keep = [] } = previous ?? {};
    const args = [this.process, this.settings.idleLeaseMs, consumer, ...keep];
    const [joined, kept] = (await this.run(JOIN, args)) as [string, string[]];
    return { consumer: joined, kept };
  }

  async step(consumer: string, acks: readonly Ack[], slots: number): Promise<Step> {
    const { idleLeaseMs, maxCrashes, keep } = this.settings;
    const args: (string | number)[] = [
      consumer,
      slots,
      idleLeaseMs,
      maxCrashes,
      keep.completed.count,
      keep.dead.count,
    ];
    for (const ack of acks) {
      args.push(ack.to, ack.id, ack.outcome, ack.tries, ack.to === 'retry' ? Math.ceil(ack.delayMs) : 0);
    }
    const reply = (await this.run(STEP, args, [this.inbox.key]).catch((error: unknown) => {
      // It may have taken messages for other queues from the wake list before it failed.
      if (error instanceof EngineReplyError) this.inbox.gap();
      throw error;
    })) as [next: number, claimed: string[], messages: string[]] | null;
    if (!reply) return 'lost';
    const [next, claimed, messages] = reply;
    if (messages.length > 0) this.inbox.deliver(messages);
    return { tasks: claimedTasks(claimed), nextMs: next < 0 ? undefined : next };
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

  async tidy(names: readonly string[]): Promise<{ readonly more: boolean }> {
    const { completed, dead } = this.settings.keep;
    return { more: (await this.run(TIDY, [completed.ageMs, dead.ageMs, ENVELOPE_VERSION, ...names])) === 1 };
  }

  async read(ids: readonly string[]): Promise<readonly (TaskRecord | undefined)[]> {
    const calls: Promise<unknown>[] = [];
    for (let from = 0; from < ids.length; from += READ_LIMIT) {
      calls.push(this.run(READ, ids.slice(from, from + READ_LIMIT)));
    }
    const rows = ((await Promise.all(calls)) as (string[] | null)[][]).flat();
    return rows.map((row, i) => (row ? record(ids[i] ?? '', row) : undefined));
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

  async remove(id: string): Promise<'removed' | 'missing' | 'active'> {
    return (await this.run(REMOVE, [id])) as 'removed' | 'missing' | 'active';
  }

  onPush(listener: (push: Push) => void): void {
    this.pushListeners.push(listener);
  }

  onGap(listener: () => void): void {
    this.gapListeners.push(listener);
  }

  push(push: Push): void {
    this.pushListeners.forEach((listener) => listener(push));
  }

  gap(): void {
    this.gapListeners.forEach((listener) => listener());
  }

  private async run(
    script: LuaScript,
    args: readonly (string | number)[],
    keys: readonly string[] = [],
  ): Promise<unknown> {
    if (!this.checked) {
      await this.link.run(CHECK, [this.prefix], this.header);
      this.checked = true;
    }
    return this.link.run(script, [this.prefix, ...keys], [...this.header, ...args]);
  }
}

/** Where the call ends that begins with task `from`; one task goes, however large. */
function endOfCall(tasks: readonly NewTask[], from: number): number {
  let characters = 0;
  let end = from;
  for (const { envelope } of tasks.slice(from, from + ADD_LIMIT)) {
    characters += envelope.length;
    if (characters > ADD_CHARACTERS && end > from) break;
    end++;
  }
  return end;
}

function dueText(due: NewTask['due']): string {
  if (!due) return '';
  return 'inMs' in due ? `+${Math.ceil(due.inMs)}` : String(Math.ceil(due.atMs));
}

function claimedTasks(flat: readonly string[]): ClaimedTask[] {
  const tasks: ClaimedTask[] = [];
  for (let i = 0; i + 2 < flat.length; i += 3) {
    tasks.push({ id: flat[i] ?? '', tries: Number(flat[i + 1]), envelope: flat[i + 2] ?? '' });
  }
  return tasks;
}

function record(id: string, row: readonly string[]): TaskRecord {
  const [envelope = '', state, at, tries, outcome, progress, log] = row;
  return {
    id,
    state: state as TaskState,
    envelope,
    tries: Number(tries),
    at: at && state !== 'active' ? Number(at) : undefined,
    outcome: outcome || undefined,
    progress: progress || undefined,
    log: log ? log.split('\n') : [],
  };
}
