import type { Clock } from '../../common/clock.js';
import type { ClaimedTask, Finished, Push, QueueSettings } from '../../task/task.broker.js';
import type { EventRecord } from '../../task/event.record.js';
import type { FinalState } from '../../task/task.state.js';
import { replaceOutcome } from './attempt-history.js';
import { Backlog } from './backlog.js';
import { EmbeddedConsumers, type EmbeddedConsumer } from './embedded-consumers.js';
import { isWaiting, type EmbeddedTask } from './embedded-task.js';
import { EndedTasks } from './ended-tasks.js';
import { EventFeed } from './event-feed.js';
import { FleetLimits } from './fleet-limits.js';
import { Records } from './records.js';
import { SortedSet } from './sorted-set.js';
import { TaskTable } from './task-table.js';
import { UniqueKeys } from './unique-keys.js';
import { WaitingTasks } from './waiting-tasks.js';

/** How a queue reaches processes and its event queue. */
export interface Outlets {
  /** Pushes to a process; it may be gone. */
  push(process: string, push: Push): void;
  /** Tells a process that what was refused as full may be added. */
  room(process: string): void;
  /** Stores an event as a task of the event queue. */
  event(id: string, envelope: string): void;
}

/**
 * What a queue consists of, and each way in which one task gets from one part of it to another. A task is always in one
 * part; whoever takes it out of one puts it into another, or forgets it, in the same call.
 */
export class TaskMoves {
  readonly tasks = new TaskTable();
  readonly waiting = new WaitingTasks();
  readonly delayed = new SortedSet<EmbeddedTask>();
  readonly ended: EndedTasks;
  readonly consumers: EmbeddedConsumers;
  readonly unique: UniqueKeys;
  readonly events: EventFeed;
  readonly limits: FleetLimits;
  readonly backlog = new Backlog(() => this.waiting.size + this.delayed.size);
  /** Tasks by the time at which they end if nobody has claimed them. */
  readonly expiries = new SortedSet<EmbeddedTask>();
  /** Active ones that are to be tried no more. */
  readonly cancelling = new Set<string>();
  /** Id to the processes that want to know where the task ends. */
  readonly waiters = new Map<string, Set<string>>();
  /** Something may be claimable that was looked at and could not be claimed before. */
  stirred = false;
  /** Outcomes that were asked to be kept, by id. */
  private readonly results: Records<string>;

  constructor(
    public settings: QueueSettings,
    readonly clock: Clock,
    readonly outlets: Outlets,
  ) {
    this.ended = new EndedTasks(settings.keep);
    this.consumers = new EmbeddedConsumers(settings, clock);
    this.limits = new FleetLimits(clock);
    this.unique = new UniqueKeys(clock, (id) => this.tasks.get(id));
    this.results = new Records(clock);
    const push = (process: string, event: EventRecord): void =>
      outlets.push(process, { kind: 'event', event });
    this.events = new EventFeed(clock, push, (id, envelope) => outlets.event(id, envelope));
  }

  now(): number {
    return this.clock.now();
  }

  /** What was said of leases, crashes and retention holds for all from now on. */
  configure(settings: QueueSettings): void {
    this.settings = this.consumers.settings = settings;
    this.ended.configure(settings.keep);
  }

  /** Other limits hold from now on: what they held back is looked at anew. */
  applyLimits(): void {
    const { waiting, limits, consumers, backlog } = this;
    for (const task of waiting.groups.replace(limits.current.group, consumers.held())) {
      waiting.levels.goAhead(task, task.heldRank ?? 0);
    }
    waiting.levels.weigh(limits.current.weights);
    backlog.replace(limits.current, [...waiting, ...this.delayed.range(0, -1)]);
    this.stirred = true;
  }

  /** It can be claimed, behind the others of its priority. */
  wait(task: EmbeddedTask): void {
    this.waiting.push(task);
    this.backlog.enter(task);
    this.events.emit('waiting', task);
  }

  /** It can be claimed, as the next of its priority. */
  giveBack(task: EmbeddedTask): void {
    this.waiting.unshift(task);
    this.backlog.enter(task);
  }

  suspect(task: EmbeddedTask): void {
    this.waiting.suspect(task);
    this.backlog.enter(task);
    this.stirred = true;
  }

  /** It is delayed until `at`, or waits if that is now. */
  waitFrom(task: EmbeddedTask, at: number, now = this.now()): void {
    if (at <= now) {
      this.wait(task);
      return;
    }
    this.delayed.set(task, at);
    task.place = 'delayed';
    this.backlog.enter(task);
  }

  /** It is kept until somebody can run it. */
  park(task: EmbeddedTask, outcome: string): void {
    replaceOutcome(task, outcome);
    this.ended.park(task, this.now());
    this.events.emit('parked', task, outcome);
  }

  /** Out of where it is, which is in nobody's hand. */
  takeOut(task: EmbeddedTask): void {
    const { place } = task;
    if (place === 'delayed') this.delayed.delete(task);
    else if (place === 'blocked') this.unique.unblock(task);
    else if (isWaiting(place)) this.waiting.delete(task, this.now());
    else if (place !== 'active' && place !== 'nowhere') this.ended.delete(task, place);
    if (place === 'delayed' || isWaiting(place)) this.backlog.leave(task);
    task.place = 'nowhere';
    task.heldRank = undefined;
  }

  /** The consumer has it in hand; it was taken out of what waits already. */
  hold(consumer: EmbeddedConsumer, task: EmbeddedTask): ClaimedTask {
    this.consumers.hold(consumer, task);
    task.place = 'active';
    task.heldRank = undefined;
    this.endExpiry(task);
    this.limits.took();
    if (task.group !== undefined) this.waiting.groups.took(task.group, this.now());
    this.events.emit('active', task);
    return { id: task.id, envelope: task.envelope, tries: task.tries };
  }

  /** The consumer has it in hand no more: the only way out of `active`. Says whether it was to be cancelled. */
  leaveHand(consumer: EmbeddedConsumer, task: EmbeddedTask): boolean {
    this.consumers.release(consumer, task);
    task.place = 'nowhere';
    if (this.limits.current.concurrency !== undefined) this.stirred = true;
    if (task.group !== undefined) {
      this.waiting.groups.left(task.group);
      this.waiting.passedBy(task, this.now());
    }
    return this.cancelling.size > 0 && this.cancelling.delete(task.id);
  }

  /** The only way into a final state. The task is in no other part of the queue any more. */
  finish(task: EmbeddedTask, state: FinalState, outcome: string, now = this.now(), keepMs?: number): void {
    this.endExpiry(task);
    replaceOutcome(task, outcome, state === 'dead' ? now : undefined);
    this.events.emit(state, task, outcome);
    if (keepMs !== undefined && keepMs > 0) this.results.set(task.id, outcome, keepMs);
    if (keepMs === 0) this.tasks.delete(task);
    else this.keep(task, state, now);
    this.freeKey(task);
    if (this.waiters.size > 0) this.tell(task.id, { state, outcome });
  }

  /** Ends what nobody has claimed in time, a bounded number; says how many. */
  expire(limit: number): number {
    if (this.expiries.size === 0) return 0;
    const expired = this.expiries.popUpTo(this.now(), limit);
    for (const task of expired) {
      this.takeOut(task);
      this.finish(task, 'expired', '');
    }
    return expired.length;
  }

  isExpired(task: EmbeddedTask): boolean {
    return task.expiresAt !== undefined && task.expiresAt <= this.now();
  }

  expireAt(task: EmbeddedTask, at: number): void {
    task.expiresAt = at;
    this.expiries.set(task, at);
  }

  /** Nothing is left of the task, which is in nobody's hand. */
  remove(task: EmbeddedTask): void {
    this.takeOut(task);
    this.endExpiry(task);
    this.tasks.delete(task);
    this.dropResult(task.id);
    this.freeKey(task);
    this.tell(task.id, { state: 'removed', outcome: '' });
  }

  /** How the task ended, if that is kept whatever else is. */
  result(id: string): string | undefined {
    return this.results.get(id);
  }

  dropResult(id: string): void {
    if (this.results.size > 0) this.results.delete(id);
  }

  /** Everything is gone, except what was said of limits. */
  clear(): void {
    const ids = [...this.waiters.keys()];
    for (const task of this.tasks) if (task.place !== 'active') this.takeOut(task);
    this.waiting.groups.replace(undefined, []);
    this.tasks.clear();
    this.delayed.clear();
    this.expiries.clear();
    this.cancelling.clear();
    this.consumers.clear();
    this.unique.clear();
    this.events.clear();
    this.limits.clear();
    this.results.clear();
    this.applyLimits();
    for (const id of ids) this.tell(id, { state: 'removed', outcome: '' });
  }

  /** Stops timers. */
  close(): void {
    this.results.close();
    this.unique.clear();
  }

  /** Its end is kept; what ended before goes if that is too much. */
  private keep(task: EmbeddedTask, state: FinalState, now: number): void {
    this.ended.end(task, state, now);
    for (let over = this.ended.shiftOver(state); over; over = this.ended.shiftOver(state))
      this.tasks.delete(over);
  }

  private endExpiry(task: EmbeddedTask): void {
    if (task.expiresAt === undefined) return;
    task.expiresAt = undefined;
    this.expiries.delete(task);
  }

  private freeKey(task: EmbeddedTask): void {
    const next = this.unique.release(task);
    if (next) this.waitFrom(next, this.unique.unblock(next));
  }

  private tell(id: string, finished: Finished): void {
    for (const process of this.waiters.get(id) ?? []) {
      this.outlets.push(process, { kind: 'finished', id, ...finished });
    }
    this.waiters.delete(id);
  }
}
