import type { Clock } from '../../common/clock.js';
import { toError } from '../../common/errors.js';
import { silentLogger, type DepotLogger } from '../../common/logger.js';
import { ENVELOPE_VERSION } from '../../task/task.envelope.js';
import type {
  Ack,
  Beat,
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
import type { TaskState } from '../../task/task.state.js';
import { BlockingList } from './blocking-list.js';
import { EmbeddedQueue } from './embedded-queue.js';

interface Message {
  readonly queue: string;
  readonly push: Push;
}

/** What the brokers of one application share: its queues, and a wake list for each process that listens. */
export class EmbeddedTaskStore {
  private readonly queues = new Map<string, EmbeddedQueue>();
  private readonly wakeLists = new Map<string, BlockingList<Message>>();

  constructor(readonly clock: Clock) {}

  queue(settings: QueueSettings): EmbeddedQueue {
    let queue = this.queues.get(settings.name);
    if (!queue) {
      queue = new EmbeddedQueue(settings, this.clock, (process, name, push) =>
        this.wake(process).push({ queue: name, push }),
      );
      this.queues.set(settings.name, queue);
    }
    return queue;
  }

  /** The queue of that name, if anybody has opened it. */
  opened(name: string): EmbeddedQueue | undefined {
    return this.queues.get(name);
  }

  wake(process: string): BlockingList<Message> {
    let list = this.wakeLists.get(process);
    if (!list) this.wakeLists.set(process, (list = new BlockingList()));
    return list;
  }
}

/** Tasks in memory. A `process` is whoever has a broker of its own on the store; an application has one. */
export class EmbeddedTaskBroker implements TaskBroker {
  private readonly listeners = new Map<string, ((push: Push) => void)[]>();
  private readonly closing = new AbortController();
  private listening = false;

  constructor(
    private readonly store: EmbeddedTaskStore,
    private readonly process: string,
    private readonly logger: DepotLogger = silentLogger,
  ) {}

  queue(settings: QueueSettings): QueueBroker {
    const listeners = this.listeners.get(settings.name) ?? [];
    this.listeners.set(settings.name, listeners);
    return new EmbeddedQueueBroker(settings.name, this.store.queue(settings), this.process, listeners);
  }

  listen(): Promise<void> {
    if (!this.listening) void this.loop();
    this.listening = true;
    return Promise.resolve();
  }

  close(): void {
    this.closing.abort();
  }

  private async loop(): Promise<void> {
    const inbox = this.store.wake(this.process);
    const { signal } = this.closing;
    while (!signal.aborted) {
      const message = await inbox.take(signal).catch(() => undefined);
      if (!message) return;
      for (const { queue, push } of [message, ...inbox.shift(1_000)]) {
        for (const listener of this.listeners.get(queue) ?? []) this.tell(listener, push);
      }
    }
  }

  private tell(listener: (push: Push) => void, push: Push): void {
    try {
      listener(push);
    } catch (error) {
      this.logger.error(`A push could not be handled: ${toError(error).message}`, toError(error).stack);
    }
  }
}

class EmbeddedQueueBroker implements QueueBroker {
  constructor(
    readonly name: string,
    private readonly queue: EmbeddedQueue,
    private readonly process: string,
    private readonly listeners: ((push: Push) => void)[],
  ) {}

  async add(tasks: readonly NewTask[]): Promise<readonly boolean[]> {
    const created = this.queue.add(tasks);
    // As if it were far away: whoever adds in a loop must not keep timers and sockets waiting.
    await new Promise((resolve) => setImmediate(resolve));
    return created;
  }

  async join(previous?: { readonly consumer: string; readonly keep: readonly string[] }): Promise<Joined> {
    return this.queue.join(this.process, previous);
  }

  async step(consumer: string, acks: readonly Ack[], slots: number): Promise<Step> {
    return this.queue.step(consumer, acks, slots);
  }

  async beat(consumer: string, state: 'busy' | 'idle'): Promise<Beat> {
    return this.queue.beat(consumer, state);
  }

  async leave(consumer: string): Promise<void> {
    this.queue.leave(consumer);
  }

  async note(consumer: string, id: string, kind: NoteKind, text: string): Promise<boolean> {
    return this.queue.note(consumer, id, kind, text);
  }

  async awaitOutcome(id: string): Promise<Finished | 'pending' | 'unknown'> {
    return this.queue.awaitOutcome(this.process, id);
  }

  async tidy(names: readonly string[]): Promise<{ readonly more: boolean }> {
    const heads = new Set(names.map((name) => ENVELOPE_VERSION + name));
    return this.queue.tidy((envelope) => heads.has(envelope.slice(0, envelope.indexOf('\n'))));
  }

  async read(ids: readonly string[]): Promise<readonly (TaskRecord | undefined)[]> {
    return ids.map((id) => {
      const task = this.queue.tasks.get(id);
      if (!task) return undefined;
      const { envelope, tries, outcome, progress, log } = task;
      return {
        id,
        envelope,
        tries,
        outcome: outcome || undefined,
        progress: progress || undefined,
        log: [...log],
        ...this.stateOf(id),
      };
    });
  }

  async list(state: TaskState, start: number, stop: number): Promise<readonly string[]> {
    if (state === 'delayed') return this.queue.delayed.range(start, stop);
    const ids = this.ids(state);
    const rank = (at: number): number => (at < 0 ? ids.length + at : at);
    return ids.slice(Math.max(0, rank(start)), Math.max(0, rank(stop) + 1));
  }

  async counts(): Promise<Readonly<Record<TaskState, number>>> {
    const { waiting, suspects, delayed, consumers, ended } = this.queue;
    return {
      waiting: waiting.length + suspects.length,
      delayed: delayed.size,
      active: consumers.held.length,
      completed: ended.size('completed'),
      dead: ended.size('dead'),
      parked: ended.size('parked'),
    };
  }

  async remove(id: string): Promise<'removed' | 'missing' | 'active'> {
    return this.queue.remove(id);
  }

  onPush(listener: (push: Push) => void): void {
    this.listeners.push(listener);
  }

  /** Nothing that is pushed in memory is lost. */
  onGap(): void {
    return;
  }

  private stateOf(id: string): { readonly state: TaskState; readonly at: number | undefined } {
    const { consumers, delayed, ended } = this.queue;
    if (consumers.holderOf(id)) return { state: 'active', at: undefined };
    const due = delayed.score(id);
    if (due !== undefined) return { state: 'delayed', at: due };
    return ended.find(id) ?? { state: 'waiting', at: undefined };
  }

  private ids(state: Exclude<TaskState, 'delayed'>): readonly string[] {
    if (state === 'waiting') return [...this.queue.suspects.toArray(), ...this.queue.waiting.toArray()];
    return state === 'active' ? this.queue.consumers.held : this.queue.ended.ids(state);
  }
}
