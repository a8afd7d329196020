import type { Clock } from '../../common/clock.js';
import type { QueueSettings } from '../../task/task.broker.js';
import type { EmbeddedTask } from './embedded-task.js';
import { TaskList } from './task-list.js';

/** A consumer, what it has in hand, and until when it counts as alive. */
export interface EmbeddedConsumer {
  /** By which its tasks know it. */
  readonly number: number;
  readonly name: string;
  readonly process: string;
  /** In the order in which it took them. */
  readonly hand: TaskList;
  deadline: number;
  /** Free slots that others may fill; 0: not idle. */
  free: number;
  /** It has room for some names and not for others: idle in that it wants to be told to look, and is not told again before it has. */
  looks: boolean;
  /** The suspect among what it has in hand. */
  suspect: string | undefined;
}

/** Part of a lease after which an idle consumer looks at those that work. */
const WATCH = 0.4;

/** The consumers of a queue: who holds which task, and whose lease is over. */
export class EmbeddedConsumers {
  private readonly byName = new Map<string, EmbeddedConsumer>();
  private readonly byProcess = new Map<string, EmbeddedConsumer>();
  private numbers = 0;
  private count = 0;
  private heardAt: number;
  private graceUntil = 0;

  constructor(
    public settings: QueueSettings,
    private readonly clock: Clock,
  ) {
    this.heardAt = clock.now();
  }

  get(name: string): EmbeddedConsumer | undefined {
    return this.byName.get(name);
  }

  of(process: string): EmbeddedConsumer | undefined {
    return this.byProcess.get(process);
  }

  all(): Iterable<EmbeddedConsumer> {
    return this.byName.values();
  }

  /** What is in anybody's hand. */
  *held(): Generator<EmbeddedTask> {
    for (const { hand } of this.byName.values()) yield* hand;
  }

  /** How many are in anybody's hand. */
  get active(): number {
    return this.count;
  }

  holderOf({ holder }: EmbeddedTask): EmbeddedConsumer | undefined {
    if (holder > 0)
      for (const consumer of this.byName.values()) if (consumer.number === holder) return consumer;
    return undefined;
  }

  enter(process: string): EmbeddedConsumer {
    const number = ++this.numbers;
    const name = `${number}:${process}`;
    const consumer = {
      number,
      name,
      process,
      hand: new TaskList(),
      deadline: 0,
      free: 0,
      looks: false,
      suspect: undefined,
    };
    this.byName.set(name, consumer);
    this.byProcess.set(process, consumer);
    return consumer;
  }

  /** The consumer, with nothing in hand, is no more. */
  remove(consumer: EmbeddedConsumer): void {
    this.byName.delete(consumer.name);
    if (this.byProcess.get(consumer.process) === consumer) this.byProcess.delete(consumer.process);
  }

  /** The task is in no list. */
  hold(consumer: EmbeddedConsumer, task: EmbeddedTask): void {
    consumer.hand.push(task);
    task.holder = consumer.number;
    this.count++;
  }

  /** The consumer has it in hand. */
  release(consumer: EmbeddedConsumer, task: EmbeddedTask): void {
    consumer.hand.remove(task);
    task.holder = 0;
    this.count--;
    if (consumer.suspect === task.id) consumer.suspect = undefined;
  }

  /** Extends the lease; what is in hand makes it a short one. */
  renew(consumer: EmbeddedConsumer): void {
    const { leaseMs, idleLeaseMs } = this.settings;
    consumer.deadline = this.clock.now() + (consumer.hand.length > 0 ? leaseMs : idleLeaseMs);
  }

  /** It has a long lease, as one with nothing in hand. */
  isResting({ deadline }: EmbeddedConsumer): boolean {
    return deadline > this.clock.now() + this.settings.leaseMs;
  }

  isOverdue({ deadline }: EmbeddedConsumer): boolean {
    return deadline < this.clock.now();
  }

  /**
   * Somebody at work was heard of. After a silence, e.g. a jump of the clock, nobody is declared dead for a lease; when
   * the clock was set back, a lease is a lease again (B1).
   */
  hear(): void {
    const now = this.clock.now();
    const { leaseMs } = this.settings;
    const lease = now + leaseMs;
    this.graceUntil = Math.min(this.graceUntil, lease);
    if (now < this.heardAt) {
      for (const consumer of this.byName.values()) {
        if (consumer.hand.length > 0) consumer.deadline = Math.min(consumer.deadline, lease);
      }
    } else if (now - this.heardAt > leaseMs / 2) {
      this.graceUntil = lease;
    }
    this.heardAt = now;
  }

  /** Those that count as dead. */
  dead(): readonly EmbeddedConsumer[] {
    if (this.graceUntil > this.clock.now()) return [];
    return [...this.byName.values()].filter((consumer) => this.isOverdue(consumer));
  }

  /** Those that have room for something. */
  *idle(): Generator<EmbeddedConsumer> {
    for (const consumer of this.byName.values()) {
      if ((consumer.free > 0 || consumer.looks) && !this.isOverdue(consumer)) yield consumer;
    }
  }

  /** The one with the most free slots, of those that can be handed a task. */
  idlest(): EmbeddedConsumer | undefined {
    let idlest: EmbeddedConsumer | undefined;
    for (const consumer of this.byName.values()) {
      if (consumer.free > (idlest?.free ?? 0) && !this.isOverdue(consumer)) idlest = consumer;
    }
    return idlest;
  }

  /** Nobody is a consumer any more. No name comes again. */
  clear(): void {
    this.byName.clear();
    this.byProcess.clear();
    this.count = 0;
  }

  /** When somebody idle has to look after the others that work. */
  watchAt(self: EmbeddedConsumer): number {
    let at = Number.POSITIVE_INFINITY;
    for (const other of this.byName.values()) {
      if (other === self || this.isResting(other)) continue;
      at = Math.min(at, Math.max(other.deadline + 1, this.graceUntil), this.nextWatch());
    }
    return at;
  }

  nextWatch(): number {
    return this.clock.now() + Math.floor(this.settings.leaseMs * WATCH);
  }
}
