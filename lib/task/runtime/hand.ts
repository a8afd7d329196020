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
  /** Its place in the hand; -1: it is in hand no more. */
  at: number;
}

/** What a consumer has in hand by the engine's account, and how far each of it is: not begun, running, ended. */
export class Hand {
  /**
   * In no order. A map of what comes and goes so fast is built anew all the time, and what its former tables hold is
   * alive for the collector until its next full round.
   */
  private readonly held: Held[] = [];
  private readonly unbegun: Held[] = [];
  private ended: Held[] = [];
  /** So many of them are told by calls that are under way. */
  private sent = 0;
  private ackLimit = ACK_LIMIT;
  private mostAcks = ACK_LIMIT;

  get isEmpty(): boolean {
    return this.held.length === 0;
  }

  get ids(): readonly string[] {
    return [...new Set(this.held.map(({ task }) => task.id))];
  }

  /** Handlers that are at work. */
  get running(): readonly RunningTask[] {
    return this.held.flatMap(({ running, ack }) => (running && !ack ? [running] : []));
  }

  /** There is something to acknowledge that no call under way does. */
  get hasEnded(): boolean {
    return this.ended.length > this.sent;
  }

  /** A call has so many acknowledgements at most. */
  limitAcks(most: number): void {
    this.ackLimit = this.mostAcks = Math.min(most, ACK_LIMIT);
  }

  /** There is more to acknowledge than so many. */
  endedMoreThan(count: number): boolean {
    return this.ended.length > count;
  }

  take(task: ClaimedTask): void {
    const held: Held = { task, running: undefined, ack: undefined, at: this.held.length };
    this.held.push(held);
    this.unbegun.push(held);
  }

  /** The attempt of that task that has not ended, if there is one. */
  open(id: string): Held | undefined {
    return this.held.find(({ task, ack }) => task.id === id && !ack);
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
    return held.at >= 0 && !held.ack;
  }

  /** The attempt has ended; says whether that is news: it is in hand still, and had not ended before. */
  end(held: Held, ack: Ack): boolean {
    if (!this.isOpen(held)) return false;
    held.ack = ack;
    this.ended.push(held);
    return true;
  }

  /** What is acknowledged by a call that is sent now. */
  send(): readonly Ack[] {
    const acks: Ack[] = [];
    let characters = 0;
    while (acks.length < this.ackLimit) {
      const ack = this.ended[this.sent + acks.length]?.ack;
      if (!ack) break;
      characters += ack.outcome.length;
      if (characters > ACK_CHARACTERS && acks.length > 0) break;
      acks.push(ack);
    }
    this.sent += acks.length;
    return acks;
  }

  /** Nothing is known of the calls that are under way. */
  unsend(): void {
    this.sent = 0;
  }

  /** The engine has confirmed so many, by the first of the calls under way. */
  confirm(count: number): void {
    this.ackLimit = Math.min(this.ackLimit * 2, this.mostAcks);
    this.sent -= count;
    for (const held of this.ended.splice(0, count)) this.remove(held);
  }

  /** The first call, with so many, failed, maybe because of one: halve until it is alone, and let the others pass it. */
  isolateFault(count: number): void {
    if (count > 1) this.ackLimit = Math.ceil(count / 2);
    else this.ended.push(...this.ended.splice(0, 1));
  }

  /** Everything else is in hand no more; returns those whose handlers are at work. */
  keepOnly(ids: readonly string[]): readonly RunningTask[] {
    const before = this.running;
    const kept = new Set(ids);
    // A push can be faster than the answer to the call that said how the attempt before it ended: only that one counts.
    const open = new Set(this.held.filter(({ ack }) => !ack).map(({ task }) => task.id));
    this.drop(this.held.filter(({ task, ack }) => !kept.has(task.id) || (ack && open.has(task.id))));
    this.ended = this.ended.filter(({ at }) => at >= 0);
    return before.filter(({ id }) => !kept.has(id));
  }

  /** These are in hand no more. */
  drop(dropped: readonly Held[]): void {
    for (const held of dropped) this.remove(held);
  }

  clear(): void {
    this.drop([...this.held]);
  }

  private remove(held: Held): void {
    if (held.at < 0) return;
    const last = this.held.pop();
    if (last && last !== held) {
      this.held[held.at] = last;
      last.at = held.at;
    }
    held.at = -1;
  }
}
