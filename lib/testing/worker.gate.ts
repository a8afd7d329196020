import type { Ack, ClaimedTask, Push, QueueBroker, TaskBroker } from '../task/task.broker.js';
import type { TaskCodec } from '../task/task.codec.js';
import { QueueLedger, type EndedAttempt } from './queue.ledger.js';
import { intercept, type Traffic } from './traffic.js';

/** What changes nothing that an assertion could see. */
const LOOKS: ReadonlySet<string> = new Set([
  'awaitOutcome',
  'beat',
  'consumers',
  'counts',
  'join',
  'list',
  'paused',
  'read',
  'subscribe',
]);

/** What deletes tasks because somebody wants them gone. */
const DELETIONS: ReadonlySet<string> = new Set(['clean', 'remove']);

/**
 * Stands between workers and queues: while it is closed no worker claims a task or is handed one, while it is open all
 * do. By the contract alone: a worker that asks for no slots gets nothing, and one that is told that something is due
 * asks again.
 */
export class WorkerGate {
  readonly queues = new Map<string, GatedQueue>();
  /** A run is under way; the ledgers are brought up to date when it ends. */
  private running = false;
  private attempts = 0;

  /** @param always never closed: tasks run as soon as they are due */
  constructor(
    readonly traffic: Traffic,
    private readonly always: boolean,
    private readonly now: () => number,
    private readonly codec: () => Pick<TaskCodec, 'decode'>,
  ) {}

  get isOpen(): boolean {
    return this.always || this.running;
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** The newest attempt in hand; 0: there is none. */
  get newestAttempt(): number {
    return Math.max(0, ...[...this.queues.values()].map((queue) => queue.newestAttempt));
  }

  /** The same broker, whose queues let tasks through while the gate is open. */
  guard(tasks: TaskBroker): TaskBroker {
    return intercept(tasks, { queue: (settings) => this.queue(tasks.queue(settings)) });
  }

  /** Lets workers claim. What they then set in motion has not happened when this returns. */
  open(): void {
    this.running = true;
    this.lookAround();
  }

  /** Has every worker look for something to do. */
  lookAround(): void {
    for (const queue of this.queues.values()) queue.lookAround();
  }

  async close(): Promise<void> {
    this.running = false;
    const queues = [...this.queues.values()];
    if (!this.always) await Promise.all(queues.map((queue) => queue.halt()));
    await this.refresh();
  }

  async refresh(): Promise<void> {
    await Promise.all([...this.queues.values()].map(({ ledger }) => ledger.refresh()));
  }

  /** How many tasks of all queues are waiting and active. */
  async load(): Promise<{ readonly waiting: number; readonly active: number }> {
    const counts = await Promise.all([...this.queues.values()].map((queue) => queue.inner.counts()));
    return {
      waiting: counts.reduce((sum, { waiting }) => sum + waiting, 0),
      active: counts.reduce((sum, { active }) => sum + active, 0),
    };
  }

  nextAttempt(): number {
    return ++this.attempts;
  }

  private queue(inner: QueueBroker): QueueBroker {
    let queue = this.queues.get(inner.name);
    if (!queue) {
      const ledger = new QueueLedger(inner, this.codec);
      queue = new GatedQueue(inner, ledger, this, this.now);
      this.queues.set(inner.name, queue);
    }
    return queue.guard(inner);
  }
}

/** One queue behind the gate. */
export class GatedQueue {
  /** The name under which this process consumes the queue; it has one at most. */
  private consumer: string | undefined;
  private readonly listeners: ((push: Push) => void)[] = [];
  /** What is in hand; a later attempt has a greater number. */
  private readonly inHand = new Map<string, { readonly task: ClaimedTask; readonly number: number }>();

  constructor(
    readonly inner: QueueBroker,
    readonly ledger: QueueLedger,
    private readonly gate: WorkerGate,
    private readonly now: () => number,
  ) {}

  get name(): string {
    return this.inner.name;
  }

  get hasWorker(): boolean {
    return this.consumer !== undefined;
  }

  /** The number of the newest attempt in hand; 0: there is none. */
  get newestAttempt(): number {
    return Math.max(0, ...[...this.inHand.values()].map(({ number }) => number));
  }

  guard(broker: QueueBroker): QueueBroker {
    const { gate } = this;
    const { traffic } = gate;
    const instead: Partial<QueueBroker> = {
      join: async (previous) => {
        const joined = await traffic.follow(broker.join(previous));
        this.consumer = joined.consumer;
        return joined;
      },
      leave: async (consumer) => {
        if (this.consumer === consumer) this.consumer = undefined;
        await traffic.follow(broker.leave(consumer));
        this.inHand.clear();
      },
      add: async (tasks) => {
        const added = await traffic.follow(broker.add(tasks));
        await this.changed(tasks.map(({ id }) => id));
        return added;
      },
      step: async (consumer, acks, slots, rooms) => {
        const step = await traffic.follow(
          gate.isOpen ? broker.step(consumer, acks, slots, rooms) : broker.step(consumer, acks, 0),
        );
        if (step === 'lost') return step;
        await this.stepped(acks, step.tasks);
        return step;
      },
      onPush: (listener) => {
        this.listeners.push(listener);
        broker.onPush((push) => this.deliver(push, listener));
      },
    };
    return intercept(broker, instead, (method, call) => {
      const answer = call();
      return answer instanceof Promise ? this.follow(method, answer) : answer;
    });
  }

  lookAround(): void {
    if (this.hasWorker) for (const listener of this.listeners) listener({ kind: 'due', inMs: 0 });
  }

  /** Nothing is handed to a worker that has last asked for no slots. */
  async halt(): Promise<void> {
    if (this.consumer !== undefined) await this.inner.step(this.consumer, [], 0);
  }

  private async follow(method: string, answer: Promise<unknown>): Promise<unknown> {
    const value = await this.gate.traffic.follow(answer);
    if (method === 'beat' && value === 'ok') this.gate.traffic.beats++;
    if (DELETIONS.has(method)) await this.ledger.forget();
    if (method === 'obliterate') await this.ledger.clear();
    if (!LOOKS.has(method)) await this.changed();
    return value;
  }

  /** Whoever is told of an end may ask at once what there is. */
  private deliver(push: Push, listener: (push: Push) => void): void {
    const { traffic, isRunning } = this.gate;
    if (push.kind === 'task') {
      this.began(push.task);
      void this.changed([push.task.id]);
    }
    if (push.kind === 'finished') {
      traffic.woke();
      if (!isRunning) {
        void this.ledger.refresh([push.id]).then(() => listener(push));
        return;
      }
    }
    listener(push);
  }

  private async changed(ids?: readonly string[]): Promise<void> {
    this.gate.traffic.moved();
    if (!this.gate.isRunning) await this.ledger.refresh(ids);
  }

  private async stepped(acks: readonly Ack[], claimed: readonly ClaimedTask[]): Promise<void> {
    const ended: EndedAttempt[] = [];
    for (const ack of acks) {
      const task = this.inHand.get(ack.id)?.task;
      if (task) ended.push({ task, ack, at: this.now() });
      this.inHand.delete(ack.id);
    }
    claimed.forEach((task) => this.began(task));
    if (ended.length > 0) await this.ledger.ended(ended);
    if (acks.length + claimed.length > 0) await this.changed([...acks, ...claimed].map(({ id }) => id));
  }

  private began(task: ClaimedTask): void {
    this.inHand.set(task.id, { task, number: this.gate.nextAttempt() });
  }
}
