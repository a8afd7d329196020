import type { Clock } from '../../common/clock.js';
import type {
  Ack,
  Beat,
  ClaimedTask,
  Finished,
  Joined,
  NewTask,
  NoteKind,
  Push,
  QueueSettings,
  Step,
} from '../../task/task.broker.js';
import { crashOutcome } from '../../task/task.outcome.js';
import type { FinalState } from '../../task/task.state.js';
import { Deque } from './deque.js';
import { EmbeddedConsumers, type EmbeddedConsumer } from './embedded-consumers.js';
import { appendToLog, newTask, type EmbeddedTask } from './embedded-task.js';
import { EndedTasks } from './ended-tasks.js';
import { SortedSet } from './sorted-set.js';

/** Pushes to a process; it may be gone. */
export type Deliver = (process: string, queue: string, push: Push) => void;

/** What one call promotes or un-parks at most. */
const LIMIT = 500;

/**
 * One queue in memory: the same lists, sets and consumers with leases as on Redis, and the same transitions. Each
 * method runs to its end without yielding, which is what makes it atomic.
 */
export class EmbeddedQueue {
  readonly tasks = new Map<string, EmbeddedTask>();
  readonly waiting = new Deque<string>();
  readonly suspects = new Deque<string>();
  readonly delayed = new SortedSet();
  readonly ended: EndedTasks;
  readonly consumers: EmbeddedConsumers;
  /** Id to the processes that want to know where the task ends. */
  readonly waiters = new Map<string, Set<string>>();

  constructor(
    private readonly settings: QueueSettings,
    private readonly clock: Clock,
    private readonly deliver: Deliver,
  ) {
    this.ended = new EndedTasks(settings.keep);
    this.consumers = new EmbeddedConsumers(settings, clock);
  }

  add(tasks: readonly NewTask[]): boolean[] {
    const now = this.clock.now();
    let sooner = Number.POSITIVE_INFINITY;
    const created = tasks.map(({ id, envelope, due }) => {
      if (this.tasks.has(id)) return false;
      const at = due === undefined ? now : 'inMs' in due ? now + due.inMs : due.atMs;
      this.tasks.set(id, newTask(id, envelope));
      if (at > now) {
        this.delayed.set(id, at);
        sooner = Math.min(sooner, at);
      } else {
        this.waiting.push(id);
      }
      return true;
    });
    this.spread();
    this.news(sooner);
    return created;
  }

  join(process: string, previous?: { readonly consumer: string; readonly keep: readonly string[] }): Joined {
    this.consumers.hear();
    const before = [this.consumers.of(process), previous && this.consumers.get(previous.consumer)];
    const self = this.consumers.enter(process);
    for (const id of previous?.keep ?? []) {
      const task = this.tasks.get(id);
      const old = before.find((consumer) => consumer?.hand.has(id));
      if (old) {
        const accused = old.suspect === id;
        this.consumers.release(old, id);
        this.consumers.hold(self, id);
        if (accused) self.suspect = id;
      } else if (task?.crashes) {
        task.crashes--;
      }
    }
    for (const consumer of before) if (consumer) this.giveBack(consumer);
    this.consumers.renew(self);
    this.spread();
    return { consumer: self.name, kept: [...self.hand] };
  }

  step(consumer: string, acks: readonly Ack[], slots: number): Step {
    const self = this.consumers.get(consumer);
    if (!self) return 'lost';
    this.consumers.hear();
    const retried = acks.map((ack) => this.acknowledge(self, ack));
    const promoted = this.delayed.popUpTo(this.clock.now(), LIMIT);
    for (const id of promoted) this.waiting.push(id);
    for (const dead of this.consumers.dead()) if (dead !== self) this.bury(dead);
    const tasks = this.claim(self, slots);
    self.free = Math.max(0, slots - self.hand.size);
    const wasResting = this.consumers.isResting(self);
    this.consumers.renew(self);
    if (wasResting && self.hand.size > 0) this.nudge(this.consumers.nextWatch(), self);
    this.isolate();
    this.spread();
    this.news(Math.min(...retried, Number.POSITIVE_INFINITY), self);
    if (promoted.length === LIMIT) return { tasks, nextMs: 0 };
    return { tasks, nextMs: self.free > 0 ? this.nextMs(self) : undefined };
  }

  beat(consumer: string, state: 'busy' | 'idle'): Beat {
    const self = this.consumers.get(consumer);
    if (!self) return 'lost';
    if (state === 'busy') {
      const wasOverdue = this.consumers.isOverdue(self);
      this.consumers.hear();
      self.deadline = this.clock.now() + this.settings.leaseMs;
      // What was added meanwhile may have passed it by.
      if (wasOverdue) return 'look';
    } else if (this.consumers.isResting(self)) {
      this.consumers.renew(self);
    } else if (this.consumers.isOverdue(self) && self.hand.size > 0) {
      return 'lost';
    }
    for (const other of this.consumers.all()) if (this.consumers.isOverdue(other)) return 'look';
    if (state === 'busy') return 'ok';
    const first = this.delayed.first();
    if (this.waiting.length + this.suspects.length > 0) return 'look';
    if (first && first.score < this.clock.now()) return 'look';
    return this.ended.size('parked') > 0 ? 'tidy' : 'ok';
  }

  leave(consumer: string): void {
    const self = this.consumers.get(consumer);
    if (!self) return;
    this.consumers.hear();
    this.giveBack(self);
    this.spread();
    const next = this.nextMs(self);
    if (next !== undefined) this.nudge(this.clock.now() + next);
  }

  note(consumer: string, id: string, kind: NoteKind, text: string): boolean {
    const task = this.tasks.get(id);
    if (!task || this.consumers.holderOf(id)?.name !== consumer) return false;
    if (kind === 'progress') task.progress = text;
    else appendToLog(task, text);
    return true;
  }

  awaitOutcome(process: string, id: string): Finished | 'pending' | 'unknown' {
    const task = this.tasks.get(id);
    if (!task) return 'unknown';
    const end = this.ended.find(id);
    if (end && end.state !== 'parked') return { state: end.state, outcome: task.outcome ?? '' };
    const processes = this.waiters.get(id) ?? new Set();
    this.waiters.set(id, processes.add(process));
    return 'pending';
  }

  tidy(canRun: (envelope: string) => boolean): { readonly more: boolean } {
    let more = false;
    for (const state of ['completed', 'dead'] as const) {
      const expired = this.ended.expire(state, this.clock.now());
      for (const id of expired.ids) this.tasks.delete(id);
      more ||= expired.more;
    }
    let back = 0;
    for (const id of this.ended.ids('parked')) {
      const task = this.tasks.get(id);
      if (task && (back === LIMIT || !canRun(task.envelope))) continue;
      this.ended.delete(id);
      if (!task) continue;
      task.outcome = undefined;
      this.waiting.push(id);
      back++;
    }
    this.spread();
    return { more: more || back === LIMIT };
  }

  remove(id: string): 'removed' | 'missing' | 'active' {
    if (!this.tasks.has(id)) return 'missing';
    if (this.consumers.holderOf(id)) return 'active';
    if (!this.delayed.delete(id) && !this.ended.delete(id) && !this.waiting.remove(id))
      this.suspects.remove(id);
    this.tasks.delete(id);
    this.tell(id, { state: 'removed', outcome: '' });
    return 'removed';
  }

  /** Returns when the task falls due if it is to be tried again later. */
  private acknowledge(self: EmbeddedConsumer, ack: Ack): number {
    const task = this.tasks.get(ack.id);
    const now = this.clock.now();
    const later = ack.to === 'retry' && ack.delayMs > 0 ? now + ack.delayMs : undefined;
    if (!this.consumers.release(self, ack.id) || !task) return Number.POSITIVE_INFINITY;
    task.crashes = undefined;
    if (ack.to !== 'completed') task.tries = ack.tries;
    task.outcome = ack.outcome;
    if (ack.to === 'parked') this.ended.park(ack.id, now);
    else if (ack.to !== 'retry') this.finish(task, ack.to);
    else if (later === undefined) this.waiting.push(ack.id);
    else this.delayed.set(ack.id, later);
    return later ?? Number.POSITIVE_INFINITY;
  }

  /** The only way into a final state. */
  private finish(task: EmbeddedTask, state: FinalState): void {
    for (const id of this.ended.end(state, task.id, this.clock.now())) this.tasks.delete(id);
    this.tell(task.id, { state, outcome: task.outcome ?? '' });
  }

  private claim(self: EmbeddedConsumer, slots: number): ClaimedTask[] {
    const claimed: ClaimedTask[] = [];
    if (self.hand.size < slots) {
      const suspect = this.accuse(self);
      if (suspect) claimed.push(suspect);
    }
    while (self.hand.size < slots && this.waiting.length > 0) {
      const task = this.hold(self, this.waiting.shift());
      if (task) claimed.push(task);
    }
    return claimed;
  }

  /** The consumer holds the next suspect, if there is one and it has none yet. */
  private accuse(consumer: EmbeddedConsumer): ClaimedTask | undefined {
    while (consumer.suspect === undefined && this.suspects.length > 0) {
      const task = this.hold(consumer, this.suspects.shift());
      consumer.suspect = task?.id;
      if (task) return task;
    }
    return undefined;
  }

  /** The consumer has the task in hand from now on; nothing happens when its record is gone. */
  private hold(consumer: EmbeddedConsumer, id: string | undefined): ClaimedTask | undefined {
    const task = id === undefined ? undefined : this.tasks.get(id);
    if (!task) return undefined;
    this.consumers.hold(consumer, task.id);
    return { id: task.id, envelope: task.envelope, tries: task.tries };
  }

  /** Pushes to an idle consumer what it has been made to hold. */
  private hand(consumer: EmbeddedConsumer, task: ClaimedTask): void {
    consumer.free--;
    this.deliver(consumer.process, this.settings.name, { kind: 'task', consumer: consumer.name, task });
    if (!this.consumers.isResting(consumer)) return;
    this.consumers.renew(consumer);
    this.nudge(this.consumers.nextWatch(), consumer);
  }

  private spread(): void {
    while (this.waiting.length > 0) {
      const idlest = this.consumers.idlest();
      if (!idlest) return;
      if (this.consumers.isResting(idlest)) this.consumers.hear();
      const task = this.hold(idlest, this.waiting.shift());
      if (task) this.hand(idlest, task);
    }
  }

  /** Suspects run one per consumer. */
  private isolate(): void {
    for (const consumer of this.suspects.length > 0 ? this.consumers.idle() : []) {
      const task = this.accuse(consumer);
      if (task) this.hand(consumer, task);
    }
  }

  /** Tells the idle ones of a time that they may not know, if it is the next one. */
  private news(at: number, except?: EmbeddedConsumer): void {
    if (at === this.delayed.first()?.score) this.nudge(at, except);
  }

  private nudge(at: number, except?: EmbeddedConsumer): void {
    const inMs = Math.max(0, at - this.clock.now());
    for (const consumer of this.consumers.idle()) {
      if (consumer !== except) this.deliver(consumer.process, this.settings.name, { kind: 'due', inMs });
    }
  }

  private nextMs(self: EmbeddedConsumer): number | undefined {
    const due = this.delayed.first()?.score ?? Number.POSITIVE_INFINITY;
    const at = Math.min(due, this.consumers.watchAt(self));
    return at === Number.POSITIVE_INFINITY ? undefined : Math.max(0, at - this.clock.now());
  }

  private bury(consumer: EmbeddedConsumer): void {
    const { suspect, hand } = consumer;
    const accused = suspect ?? (hand.size === 1 ? [...hand][0] : undefined);
    for (const id of [...this.consumers.remove(consumer)].reverse()) {
      const task = this.tasks.get(id);
      if (!task) continue;
      if (id === accused) {
        this.blame(task);
      } else if (accused === undefined && task.crashes !== undefined) {
        this.suspects.push(id);
      } else {
        if (accused === undefined) task.crashes = 0;
        this.waiting.unshift(id);
      }
    }
  }

  private blame(task: EmbeddedTask): void {
    task.crashes = (task.crashes ?? 0) + 1;
    if (task.crashes < this.settings.maxCrashes) {
      this.suspects.push(task.id);
      return;
    }
    task.outcome = crashOutcome(task.crashes);
    task.crashes = undefined;
    this.finish(task, 'dead');
  }

  private giveBack(consumer: EmbeddedConsumer): void {
    for (const id of [...this.consumers.remove(consumer)].reverse()) this.waiting.unshift(id);
  }

  private tell(id: string, finished: Finished): void {
    for (const process of this.waiters.get(id) ?? []) {
      this.deliver(process, this.settings.name, { kind: 'finished', id, ...finished });
    }
    this.waiters.delete(id);
  }
}
