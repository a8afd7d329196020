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
import type { FinalState, TaskState } from '../../task/task.state.js';
import { Deque } from './deque.js';
import { SortedSet } from './sorted-set.js';

/** Pushes to a process; it may be gone. */
export type Deliver = (process: string, queue: string, push: Push) => void;

/** What is stored of a task, except where it is. */
export interface EmbeddedTask {
  readonly id: string;
  readonly envelope: string;
  tries: number;
  /** Workers that died with it; 0: was in hand when one died that had others, too. */
  crashes: number | undefined;
  outcome: string | undefined;
  progress: string | undefined;
  log: string[];
}

interface ConsumerEntry {
  readonly name: string;
  readonly process: string;
  readonly hand: Set<string>;
  deadline: number;
  /** Free slots that others may fill; 0: not idle. */
  free: number;
  suspect: string | undefined;
}

const LOG_BYTES = 65_536;
/** What one call promotes or clears away at most. */
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
  /** When each ended or was parked, oldest first. */
  readonly ended: Readonly<Record<FinalState | 'parked', Map<string, number>>> = {
    completed: new Map(),
    dead: new Map(),
    parked: new Map(),
  };
  private readonly holders = new Map<string, ConsumerEntry>();
  private readonly consumers = new Map<string, ConsumerEntry>();
  private readonly waiters = new Map<string, Set<string>>();
  private numbers = 0;
  private heardAt: number;
  private graceUntil = 0;

  constructor(
    private readonly settings: QueueSettings,
    private readonly clock: Clock,
    private readonly deliver: Deliver,
  ) {
    this.heardAt = clock.now();
  }

  get active(): readonly string[] {
    return [...this.holders.keys()];
  }

  add(tasks: readonly NewTask[]): boolean[] {
    const now = this.clock.now();
    let sooner = Number.POSITIVE_INFINITY;
    const created = tasks.map(({ id, envelope, due }) => {
      if (this.tasks.has(id)) return false;
      this.tasks.set(id, {
        id,
        envelope,
        tries: 0,
        crashes: undefined,
        outcome: undefined,
        progress: undefined,
        log: [],
      });
      const at = due === undefined ? now : 'inMs' in due ? now + due.inMs : due.atMs;
      if (at > now) {
        this.delayed.set(id, at);
        sooner = Math.min(sooner, at);
      } else {
        this.waiting.push(id);
      }
      return true;
    });
    this.spread();
    if (sooner === this.delayed.first()?.score) this.nudge(sooner - now);
    return created;
  }

  join(process: string, previous?: { readonly consumer: string; readonly keep: readonly string[] }): Joined {
    const entry: ConsumerEntry = {
      name: `${++this.numbers}:${process}`,
      process,
      hand: new Set(),
      deadline: 0,
      free: 0,
      suspect: undefined,
    };
    this.hear();
    this.consumers.set(entry.name, entry);
    const old = previous && this.consumers.get(previous.consumer);
    for (const id of previous?.keep ?? []) {
      const task = this.tasks.get(id);
      if (old?.hand.delete(id)) {
        this.hold(entry, id);
        if (old.suspect === id) entry.suspect = id;
      } else if (task?.crashes) {
        task.crashes--;
      }
    }
    if (old) this.giveBack(old);
    this.lease(entry);
    this.spread();
    return { consumer: entry.name, kept: [...entry.hand] };
  }

  step(consumer: string, acks: readonly Ack[], slots: number): Step {
    const self = this.consumers.get(consumer);
    if (!self) return 'lost';
    this.hear();
    for (const ack of acks) this.acknowledge(self, ack);
    const promoted = this.delayed.popUpTo(this.clock.now(), LIMIT);
    for (const id of promoted) this.waiting.push(id);
    this.reap(self);
    const tasks = this.claim(self, slots);
    self.free = Math.max(0, slots - self.hand.size);
    this.lease(self);
    this.isolate();
    this.spread();
    if (promoted.length === LIMIT) return { tasks, nextMs: 0 };
    return { tasks, nextMs: self.free > 0 ? this.nextMs(self) : undefined };
  }

  beat(consumer: string, state: 'busy' | 'idle'): Beat {
    const self = this.consumers.get(consumer);
    if (!self) return 'lost';
    const now = this.clock.now();
    if (state === 'busy') {
      this.hear();
      self.deadline = now + this.settings.leaseMs;
    } else if (self.deadline > now + this.settings.leaseMs) {
      self.deadline = now + this.settings.idleLeaseMs;
    }
    if ([...this.consumers.values()].some(({ deadline }) => deadline < now)) return 'look';
    if (state === 'busy') return 'ok';
    const first = this.delayed.first();
    if (this.waiting.length + this.suspects.length > 0 || (first && first.score < now)) return 'look';
    return this.ended.parked.size > 0 ? 'tidy' : 'ok';
  }

  leave(consumer: string): void {
    const self = this.consumers.get(consumer);
    if (!self) return;
    this.giveBack(self);
    this.spread();
    const next = this.nextMs(self);
    if (next !== undefined) this.nudge(next);
  }

  note(consumer: string, id: string, kind: NoteKind, text: string): boolean {
    const task = this.tasks.get(id);
    if (!task || this.holders.get(id)?.name !== consumer) return false;
    if (kind === 'progress') {
      task.progress = text;
      return true;
    }
    task.log.push(text);
    let bytes = task.log.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, -1);
    while (bytes > LOG_BYTES && task.log.length > 1) bytes -= Buffer.byteLength(task.log.shift() ?? '') + 1;
    return true;
  }

  awaitOutcome(process: string, id: string): Finished | 'pending' | 'unknown' {
    const task = this.tasks.get(id);
    if (!task) return 'unknown';
    for (const state of ['completed', 'dead'] as const) {
      if (this.ended[state].has(id)) return { state, outcome: task.outcome ?? '' };
    }
    const processes = this.waiters.get(id) ?? new Set();
    this.waiters.set(id, processes.add(process));
    return 'pending';
  }

  tidy(canRun: (envelope: string) => boolean): { readonly more: boolean } {
    const now = this.clock.now();
    let more = false;
    for (const state of ['completed', 'dead'] as const) {
      let dropped = 0;
      for (const [id, at] of this.ended[state]) {
        if (at > now - this.settings.keep[state].ageMs || dropped === LIMIT) break;
        this.forget(id);
        dropped++;
      }
      more ||= dropped === LIMIT;
    }
    for (const id of [...this.ended.parked.keys()]) {
      const task = this.tasks.get(id);
      if (!task || !canRun(task.envelope)) continue;
      this.ended.parked.delete(id);
      task.outcome = undefined;
      this.waiting.push(id);
    }
    this.spread();
    return { more };
  }

  remove(id: string): 'removed' | 'missing' | 'active' {
    if (!this.tasks.has(id)) return 'missing';
    if (this.holders.has(id)) return 'active';
    if (!this.delayed.delete(id) && !this.waiting.remove(id)) this.suspects.remove(id);
    this.forget(id);
    this.tell(id, { state: 'removed', outcome: '' });
    return 'removed';
  }

  stateOf(id: string): { readonly state: TaskState; readonly at: number | undefined } {
    if (this.holders.has(id)) return { state: 'active', at: undefined };
    const due = this.delayed.score(id);
    if (due !== undefined) return { state: 'delayed', at: due };
    for (const state of ['completed', 'dead', 'parked'] as const) {
      const at = this.ended[state].get(id);
      if (at !== undefined) return { state, at };
    }
    return { state: 'waiting', at: undefined };
  }

  private acknowledge(self: ConsumerEntry, ack: Ack): void {
    const task = this.tasks.get(ack.id);
    if (!task || !self.hand.delete(ack.id)) return;
    this.holders.delete(ack.id);
    if (self.suspect === ack.id) self.suspect = undefined;
    task.crashes = undefined;
    task.tries = ack.to === 'completed' ? task.tries : ack.tries;
    task.outcome = ack.outcome;
    if (ack.to === 'retry') {
      if (ack.delayMs > 0) this.delayed.set(ack.id, this.clock.now() + ack.delayMs);
      else this.waiting.push(ack.id);
    } else if (ack.to === 'parked') {
      this.ended.parked.set(ack.id, this.clock.now());
    } else {
      this.finish(task, ack.to);
    }
  }

  /** The only way into a final state. */
  private finish(task: EmbeddedTask, state: FinalState): void {
    const { count } = this.settings.keep[state];
    const ended = this.ended[state];
    if (count > 0) ended.set(task.id, this.clock.now());
    else this.forget(task.id);
    for (const oldest of ended.keys()) {
      if (ended.size <= count) break;
      this.forget(oldest);
    }
    this.tell(task.id, { state, outcome: task.outcome ?? '' });
  }

  private claim(self: ConsumerEntry, slots: number): ClaimedTask[] {
    const claimed: ClaimedTask[] = [];
    const take = (id: string | undefined): void => {
      const task = id === undefined ? undefined : this.tasks.get(id);
      if (!task) return;
      this.hold(self, task.id);
      claimed.push({ id: task.id, envelope: task.envelope, tries: task.tries });
    };
    if (self.hand.size < slots && this.suspects.length > 0 && self.suspect === undefined) {
      self.suspect = this.suspects.shift();
      take(self.suspect);
    }
    while (self.hand.size < slots && this.waiting.length > 0) take(this.waiting.shift());
    return claimed;
  }

  private hold(consumer: ConsumerEntry, id: string): void {
    consumer.hand.add(id);
    this.holders.set(id, consumer);
  }

  /** Hands the task to the consumer: it is recorded as in its hand before it is pushed. */
  private hand(consumer: ConsumerEntry, id: string): void {
    const task = this.tasks.get(id);
    if (!task) return;
    consumer.free--;
    this.hold(consumer, id);
    if (consumer.deadline > this.clock.now() + this.settings.leaseMs) {
      this.lease(consumer);
      this.nudge(this.settings.leaseMs * 0.4, consumer);
    }
    const { envelope, tries } = task;
    this.deliver(consumer.process, this.settings.name, {
      kind: 'task',
      consumer: consumer.name,
      task: { id, envelope, tries },
    });
  }

  private spread(): void {
    while (this.waiting.length > 0) {
      let idlest: ConsumerEntry | undefined;
      for (const consumer of this.idle()) if (consumer.free > (idlest?.free ?? 0)) idlest = consumer;
      const id = idlest && this.waiting.shift();
      if (!idlest || id === undefined) return;
      this.hand(idlest, id);
    }
  }

  /** Suspects run one per consumer. */
  private isolate(): void {
    for (const consumer of this.suspects.length > 0 ? this.idle() : []) {
      if (consumer.suspect !== undefined) continue;
      consumer.suspect = this.suspects.shift();
      if (consumer.suspect !== undefined) this.hand(consumer, consumer.suspect);
    }
  }

  private *idle(): Generator<ConsumerEntry> {
    for (const consumer of this.consumers.values()) {
      if (consumer.free > 0 && consumer.deadline >= this.clock.now()) yield consumer;
    }
  }

  private nudge(inMs: number, except?: ConsumerEntry): void {
    for (const { process, name } of this.idle()) {
      if (name !== except?.name)
        this.deliver(process, this.settings.name, { kind: 'due', inMs: Math.max(0, inMs) });
    }
  }

  private nextMs(self: ConsumerEntry): number | undefined {
    const now = this.clock.now();
    const { leaseMs } = this.settings;
    let at = this.delayed.first()?.score ?? Number.POSITIVE_INFINITY;
    for (const other of this.consumers.values()) {
      if (other !== self && other.deadline <= now + leaseMs)
        at = Math.min(at, other.deadline + 1, now + leaseMs * 0.4);
    }
    return at === Number.POSITIVE_INFINITY ? undefined : Math.max(0, at - now);
  }

  private lease(consumer: ConsumerEntry): void {
    const { leaseMs, idleLeaseMs } = this.settings;
    this.heardAt = this.clock.now();
    consumer.deadline = this.heardAt + (consumer.hand.size > 0 ? leaseMs : idleLeaseMs);
  }

  /** After a silence in which nobody was heard of, e.g. a jump of the clock, nobody is declared dead for a lease. */
  private hear(): void {
    const now = this.clock.now();
    if (now - this.heardAt > this.settings.leaseMs / 2) this.graceUntil = now + this.settings.leaseMs;
    this.heardAt = now;
  }

  private reap(self: ConsumerEntry): void {
    const now = this.clock.now();
    if (this.graceUntil > now) return;
    for (const consumer of [...this.consumers.values()]) {
      if (consumer !== self && consumer.deadline < now) this.bury(consumer);
    }
  }

  private bury(consumer: ConsumerEntry): void {
    this.consumers.delete(consumer.name);
    const ids = [...consumer.hand];
    const accused = consumer.suspect ?? (ids.length === 1 ? ids[0] : undefined);
    for (const id of ids.reverse()) {
      const task = this.tasks.get(id);
      this.holders.delete(id);
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

  private giveBack(consumer: ConsumerEntry): void {
    this.consumers.delete(consumer.name);
    for (const id of [...consumer.hand].reverse()) {
      if (this.holders.get(id) !== consumer) continue;
      this.holders.delete(id);
      this.waiting.unshift(id);
    }
  }

  private forget(id: string): void {
    this.tasks.delete(id);
    for (const ended of Object.values(this.ended)) ended.delete(id);
  }

  private tell(id: string, finished: Finished): void {
    for (const process of this.waiters.get(id) ?? []) {
      this.deliver(process, this.settings.name, { kind: 'finished', id, ...finished });
    }
    this.waiters.delete(id);
  }
}
