import type { Clock } from '../../common/clock.js';
import type { QueueSettings } from '../../task/task.broker.js';

/** A consumer, what it has in hand, and until when it counts as alive. */
export interface EmbeddedConsumer {
  readonly name: string;
  readonly process: string;
  /** In the order in which it took them. */
  readonly hand: Set<string>;
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
  private readonly holders = new Map<string, EmbeddedConsumer>();
  private numbers = 0;
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

  /** The ids in anybody's hand. */
  get held(): readonly string[] {
    return [...this.holders.keys()];
  }

  /** How many are in anybody's hand. */
  get active(): number {
    return this.holders.size;
  }

  holderOf(id: string): EmbeddedConsumer | undefined {
    return this.holders.get(id);
  }

  enter(process: string): EmbeddedConsumer {
    const name = `${++this.numbers}:${process}`;
    const consumer = {
      name,
      process,
      hand: new Set<string>(),
      deadline: 0,
      free: 0,
      looks: false,
      suspect: undefined,
    };
    this.byName.set(name, consumer);
    this.byProcess.set(process, consumer);
    return consumer;
  }

  /** The consumer is no more; returns what it had in hand. */
  remove(consumer: EmbeddedConsumer): readonly string[] {
    this.byName.delete(consumer.name);
    if (this.byProcess.get(consumer.process) === consumer) this.byProcess.delete(consumer.process);
    const ids = [...consumer.hand];
    for (const id of ids) this.release(consumer, id);
    return ids;
  }

  hold(consumer: EmbeddedConsumer, id: string): void {
    consumer.hand.add(id);
    this.holders.set(id, consumer);
  }

  /** Says whether the consumer had it in hand. */
  release(consumer: EmbeddedConsumer, id: string): boolean {
    if (!consumer.hand.delete(id)) return false;
    this.holders.delete(id);
    if (consumer.suspect === id) consumer.suspect = undefined;
    return true;
  }

  /** Extends the lease; what is in hand makes it a short one. */
  renew(consumer: EmbeddedConsumer): void {
    const { leaseMs, idleLeaseMs } = this.settings;
    consumer.deadline = this.clock.now() + (consumer.hand.size > 0 ? leaseMs : idleLeaseMs);
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
        if (consumer.hand.size > 0) consumer.deadline = Math.min(consumer.deadline, lease);
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
    this.holders.clear();
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
