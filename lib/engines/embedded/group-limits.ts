import type { QueueLimits } from '../../task/task.broker.js';
import type { EmbeddedTask } from './embedded-task.js';
import { SortedSet } from './sorted-set.js';
import { nextTokenAt, soundAt, tokens, withoutToken, type FullAt } from './token-bucket.js';

/** More than there are entries in a life time. */
const PRIORITY_STEP = 2 ** 45;
const SPARE_BUCKETS = 1_024;

/**
 * How much of each group may run. Tasks of a group that has its fill are held back here, once each; when something of the
 * group changes, as many as may run go back to where they are claimed from. Nothing is counted of what is not limited.
 *
 * While a group has held tasks, as many of it are in hand or on their way back as may run: so each one that leaves
 * either of these sends the next one back.
 */
export class GroupLimits {
  private limits: NonNullable<QueueLimits['group']> = {};
  /** How many of a group are in hand, if that is limited. */
  readonly inHand = new Map<string, number>();
  private readonly buckets = new Map<string, FullAt>();
  private readonly held = new Map<string, SortedSet<EmbeddedTask>>();
  /** When to look at a group again for its next token. */
  private readonly tokenTimes = new SortedSet();
  private seenAt = 0;
  private mostBuckets = SPARE_BUCKETS;
  private entries = 0;
  private count = 0;

  /** Tasks held back. */
  get size(): number {
    return this.count;
  }

  holds(group: string): boolean {
    return this.count > 0 && this.held.has(group);
  }

  get nextAt(): number {
    return this.tokenTimes.first()?.score ?? Number.POSITIVE_INFINITY;
  }

  /** One more task of the group may run. */
  admits(group: string, now: number): boolean {
    return this.room(group, now) > 0;
  }

  /** Holds the task back, behind the others of its priority unless it was held before. */
  push(task: EmbeddedTask, group: string, now: number): void {
    let held = this.held.get(group);
    if (!held) this.held.set(group, (held = new SortedSet()));
    task.heldRank ??= (9 - task.priority) * PRIORITY_STEP + this.entries++;
    held.set(task, task.heldRank);
    this.count++;
    task.place = 'held';
    this.waitForToken(group, now);
  }

  delete(task: EmbeddedTask): void {
    const group = task.group ?? '';
    const held = this.held.get(group);
    if (!held?.delete(task)) return;
    this.count--;
    if (held.size > 0) return;
    this.held.delete(group);
    this.tokenTimes.delete(group);
  }

  /** A task of the group is in somebody's hand. */
  took(group: string, now: number): void {
    const { concurrency, rate } = this.limits;
    if (concurrency !== undefined) this.inHand.set(group, (this.inHand.get(group) ?? 0) + 1);
    if (!rate) return;
    this.buckets.set(group, withoutToken(rate, this.buckets.get(group) ?? 0, now));
    if (this.buckets.size > this.mostBuckets) this.forgetFull(now);
    if (this.holds(group)) this.waitForToken(group, now);
  }

  /** A task of the group is in nobody's hand any more. */
  left(group: string): void {
    const before = this.inHand.get(group);
    if (before === undefined) return;
    if (before > 1) this.inHand.set(group, before - 1);
    else this.inHand.delete(group);
  }

  /** The one that goes back because another one has left; it is held no more. */
  release(group: string, now: number): EmbeddedTask | undefined {
    const first = this.held.get(group)?.first()?.member;
    if (!first) return undefined;
    if (!this.admits(group, now)) {
      this.waitForToken(group, now);
      return undefined;
    }
    this.delete(first);
    return first;
  }

  /** Those that go back because there are tokens again. */
  releaseDue(now: number): readonly EmbeddedTask[] {
    if (now < this.seenAt) this.setBack(now);
    this.seenAt = now;
    if (this.nextAt > now) return NONE;
    return this.tokenTimes.popUpTo(now).flatMap((group) => {
      const held = this.held.get(group);
      const room = this.room(group, now);
      const released = held && room > 0 ? held.upTo(Number.POSITIVE_INFINITY, room) : [];
      for (const task of released) this.delete(task);
      if (held && released.length === 0) this.waitForToken(group, now);
      return released;
    });
  }

  /** Other limits hold from now on, with full buckets; nothing is held back, and what is in hand is counted anew. */
  replace(limits: QueueLimits['group'], active: Iterable<EmbeddedTask>): readonly EmbeddedTask[] {
    const released = [...this];
    for (const task of released) this.delete(task);
    this.limits = limits ?? {};
    this.inHand.clear();
    this.buckets.clear();
    this.tokenTimes.clear();
    if (this.limits.concurrency === undefined) return released;
    for (const { group } of active) {
      if (group !== undefined) this.inHand.set(group, (this.inHand.get(group) ?? 0) + 1);
    }
    return released;
  }

  *[Symbol.iterator](): Generator<EmbeddedTask> {
    for (const held of this.held.values()) yield* held.range(0, -1);
  }

  /** How many more tasks of the group may run. */
  private room(group: string, now: number): number {
    const { concurrency, rate } = this.limits;
    const slots =
      concurrency === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max(0, concurrency - (this.inHand.get(group) ?? 0));
    return rate ? Math.min(slots, tokens(rate, this.buckets.get(group) ?? 0, now)) : slots;
  }

  /** The group is looked at again when there is a token. */
  waitForToken(group: string, now: number): void {
    const { concurrency, rate } = this.limits;
    if (!rate) return;
    // At its concurrency, whatever leaves will look.
    if (concurrency !== undefined && (this.inHand.get(group) ?? 0) >= concurrency) return;
    const fullAt = this.buckets.get(group) ?? 0;
    this.tokenTimes.set(group, tokens(rate, fullAt, now) > 0 ? now : nextTokenAt(rate, fullAt));
  }

  /** The clock was: no bucket is empty for longer than it takes to fill, and that is when to look again. */
  private setBack(now: number): void {
    const { rate } = this.limits;
    if (!rate) return;
    for (const [group, fullAt] of this.buckets) this.buckets.set(group, soundAt(rate, fullAt, now));
    for (const group of this.tokenTimes.range(0, -1)) this.waitForToken(group, now);
  }

  private forgetFull(now: number): void {
    for (const [group, fullAt] of this.buckets) if (fullAt <= now) this.buckets.delete(group);
    this.mostBuckets = 2 * this.buckets.size + SPARE_BUCKETS;
  }
}

const NONE: readonly never[] = [];
