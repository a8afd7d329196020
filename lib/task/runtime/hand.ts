import type { Ack, ClaimedTask } from '../task.broker.js';
import type { RunningTask } from './running-task.js';

/** Acknowledgements of one call at most, and characters of their outcomes: one call must not take long to travel. */
const ACK_LIMIT = 1_000;
const ACK_CHARACTERS = 1_000_000;

/** One attempt of a task that the consumer has in hand. */
export interface Held {
  readonly task: ClaimedTask;
  /** Set once it has begun. */
  running: RunningTask | undefined;
  /** Set once it has ended; it stays in hand until the engine has confirmed that. */
  ack: Ack | undefined;
}

/** What a consumer has in hand by the engine's account, and how far each of it is: not begun, running, ended. */
export class Hand {
  private readonly held = new Map<string, Held>();
  private readonly unbegun: Held[] = [];
  private ended: Held[] = [];
  private ackLimit = ACK_LIMIT;

  get isEmpty(): boolean {
    return this.held.size === 0;
  }

  get size(): number {
    return this.held.size;
  }

  get ids(): readonly string[] {
    return [...this.held.keys()];
  }

  /** Handlers that are at work. */
  get running(): readonly RunningTask[] {
    return [...this.held.values()].flatMap(({ running, ack }) => (running && !ack ? [running] : []));
  }

  get hasEnded(): boolean {
    return this.ended.length > 0;
  }

  /** There is more to acknowledge than so many. */
  endedMoreThan(count: number): boolean {
    return this.ended.length > count;
  }

  take(task: ClaimedTask): void {
    const held: Held = { task, running: undefined, ack: undefined };
    this.held.set(task.id, held);
    this.unbegun.push(held);
  }

  /** The attempt of that task that has not ended, if there is one. */
  open(id: string): Held | undefined {
    const held = this.held.get(id);
    return held?.ack ? undefined : held;
  }

  /** The next one to begin. */
  next(): Held | undefined {
    for (;;) {
      const held = this.unbegun.shift();
      if (!held || this.isOpen(held)) return held;
    }
  }

  /** It is in hand, and has not ended. */
  isOpen(held: Held): boolean {
    return this.holds(held) && !held.ack;
  }

  /** The attempt has ended; says whether that is news: it is in hand still, and had not ended before. */
  end(held: Held, ack: Ack): boolean {
    if (!this.isOpen(held)) return false;
    held.ack = ack;
    this.ended.push(held);
    return true;
  }

  /** What is to be acknowledged by the next call. */
  acks(): readonly Ack[] {
    const acks: Ack[] = [];
    let characters = 0;
    for (const { ack } of this.ended) {
      if (!ack || acks.length === this.ackLimit) break;
      characters += ack.outcome.length;
      if (characters > ACK_CHARACTERS && acks.length > 0) break;
      acks.push(ack);
    }
    return acks;
  }

  /** The engine has confirmed so many of `acks()`. */
  confirm(count: number): void {
    this.ackLimit = Math.min(this.ackLimit * 2, ACK_LIMIT);
    for (const held of this.ended.splice(0, count)) {
      // One that is to be tried again may be in hand again: its push can be faster than the answer to the call.
      if (this.holds(held)) this.held.delete(held.task.id);
    }
  }

  /** The call with so many of `acks()` failed, maybe because of one: halve until it is alone, and let the others pass it. */
  isolateFault(count: number): void {
    if (count > 1) this.ackLimit = Math.ceil(count / 2);
    else this.ended.push(...this.ended.splice(0, 1));
  }

  /** Everything else is in hand no more; returns those whose handlers are at work. */
  keepOnly(ids: readonly string[]): readonly RunningTask[] {
    const before = this.running;
    const kept = new Set(ids);
    for (const id of this.ids) if (!kept.has(id)) this.held.delete(id);
    this.ended = this.ended.filter((held) => this.holds(held));
    return before.filter(({ id }) => !kept.has(id));
  }

  /** These are in hand no more. */
  drop(dropped: readonly Held[]): void {
    for (const held of dropped) if (this.holds(held)) this.held.delete(held.task.id);
  }

  clear(): void {
    this.held.clear();
  }

  /** This very attempt is in hand, not a later one of the same task. */
  private holds(held: Held): boolean {
    return this.held.get(held.task.id) === held;
  }
}
