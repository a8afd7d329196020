import type { Clock } from '../../common/clock.js';
import type { TaskEventName } from '../../task/event.record.js';
import type {
  Ack,
  Added,
  Beat,
  Finished,
  Joined,
  NewTask,
  NoteKind,
  QueueSettings,
  Rooms,
  Step,
} from '../../task/task.broker.js';
import type { TaskState } from '../../task/task.state.js';
import { appendToLog, replaceOutcome } from './attempt-history.js';
import { isFinal, isStored, newTask, type EmbeddedTask } from './embedded-task.js';
import { HandOver } from './hand-over.js';
import { addTask } from './task-adding.js';
import { TaskMoves, type Outlets } from './task-moves.js';
import { TaskReturns } from './task-returns.js';
import { TaskSteering } from './task-steering.js';

/** What one call promotes, un-parks, ends or cleans away at most. */
const LIMIT = 500;

/**
 * One queue in memory: the same lists, sets and consumers with leases as on Redis, and the same transitions. Each
 * method runs to its end without yielding, which is what makes it atomic.
 */
export class EmbeddedQueue {
  readonly moves: TaskMoves;
  private readonly handOver: HandOver;
  private readonly steering: TaskSteering;
  private readonly returns: TaskReturns;

  constructor(
    settings: QueueSettings,
    private readonly clock: Clock,
    outlets: Outlets,
  ) {
    this.moves = new TaskMoves(settings, clock, outlets);
    this.handOver = new HandOver(this.moves);
    this.steering = new TaskSteering(this.moves);
    this.returns = new TaskReturns(this.moves);
  }

  /** The newest to open the queue says how it is. Returns the limits that held before, as text, if others hold from now on. */
  open(settings: QueueSettings): string | undefined {
    const { limits } = settings;
    this.moves.configure(settings);
    if (!limits) return undefined;
    const before = this.moves.limits.replace(limits);
    if (before === undefined) return undefined;
    this.moves.applyLimits();
    this.handOver.settle();
    return before === '' ? undefined : before;
  }

  add(process: string, tasks: readonly NewTask[]): Added[] {
    const now = this.clock.now();
    const added = tasks.map((task) => addTask(this.moves, process, task, now));
    this.handOver.settle();
    return added;
  }

  /** Stores what is no task of a user's; one idle consumer will look. */
  receive(id: string, envelope: string): void {
    const task = newTask({ id, envelope });
    this.moves.tasks.add(task);
    this.moves.wait(task);
    this.handOver.tellOne();
  }

  join(process: string, previous?: { readonly consumer: string; readonly keep: readonly string[] }): Joined {
    const { consumers, tasks } = this.moves;
    consumers.hear();
    const before = [consumers.of(process), previous && consumers.get(previous.consumer)];
    const self = consumers.enter(process);
    for (const id of previous?.keep ?? []) {
      const task = tasks.get(id);
      if (!task) continue;
      const old = before.find((consumer) => consumer?.number === task.holder);
      if (old) {
        const accused = old.suspect === id;
        consumers.release(old, task);
        consumers.hold(self, task);
        if (accused) self.suspect = id;
      } else if (task.crashes) {
        task.crashes--;
      }
    }
    for (const consumer of before) if (consumer) this.returns.giveBack(consumer);
    consumers.renew(self);
    this.handOver.settle();
    return { consumer: self.name, kept: Array.from(self.hand, ({ id }) => id) };
  }

  step(consumer: string, acks: readonly Ack[], slots: number, rooms?: Rooms): Step {
    const { consumers, delayed, waiting } = this.moves;
    const self = consumers.get(consumer);
    if (!self) return 'lost';
    const now = this.clock.now();
    consumers.hear();
    for (const ack of acks) this.returns.acknowledge(self, ack, now);
    const promoted = delayed.popUpTo(now, LIMIT);
    for (const task of promoted) this.promote(task);
    const expired = this.moves.expire(LIMIT);
    waiting.releaseDue(now);
    for (const dead of consumers.dead()) if (dead !== self) this.returns.bury(dead);
    const tasks = this.handOver.claim(self, slots, rooms);
    const wasResting = consumers.isResting(self);
    consumers.renew(self);
    if (wasResting && self.hand.length > 0) this.handOver.nudge(consumers.nextWatch(), self);
    this.handOver.settle(self);
    if (promoted.length === LIMIT || expired === LIMIT) return { tasks, nextMs: 0 };
    return { tasks, nextMs: self.free > 0 || self.looks ? this.handOver.nextMs(self) : undefined };
  }

  beat(consumer: string, state: 'busy' | 'idle'): Beat {
    const { tasks, consumers, cancelling, ended, settings } = this.moves;
    const self = consumers.get(consumer);
    if (!self) return 'lost';
    for (const id of cancelling)
      if (tasks.get(id)?.holder === self.number) this.steering.tellHolder(self, id);
    if (state === 'busy') {
      const wasOverdue = consumers.isOverdue(self);
      consumers.hear();
      self.deadline = this.clock.now() + settings.leaseMs;
      // What was added meanwhile may have passed it by.
      if (wasOverdue) return 'look';
    } else if (consumers.isResting(self)) {
      consumers.renew(self);
    } else if (consumers.isOverdue(self) && self.hand.length > 0) {
      return 'lost';
    }
    for (const other of consumers.all()) if (consumers.isOverdue(other)) return 'look';
    if (state === 'busy') return 'ok';
    if (this.handOver.isSomethingClaimable || this.handOver.nextAt < this.clock.now()) return 'look';
    return ended.in('parked').length > 0 ? 'tidy' : 'ok';
  }

  /** Nothing is here that a consumer could ever have to look at. */
  get isQuiet(): boolean {
    const { waiting, delayed, expiries, consumers, ended } = this.moves;
    return (
      waiting.size + delayed.size + expiries.size + consumers.active === 0 && ended.in('parked').length === 0
    );
  }

  /** Extends the lease of one with nothing in hand. Says whether it did. */
  rest(consumer: string): boolean {
    const self = this.moves.consumers.get(consumer);
    if (!self || self.hand.length > 0) return false;
    this.moves.consumers.renew(self);
    return true;
  }

  leave(consumer: string): void {
    const self = this.moves.consumers.get(consumer);
    if (!self) return;
    this.moves.consumers.hear();
    this.returns.giveBack(self);
    this.handOver.settle();
    const next = this.handOver.nextMs(self);
    if (next !== undefined) this.handOver.nudge(this.clock.now() + next);
  }

  note(consumer: string, id: string, kind: NoteKind, text: string): boolean {
    const task = this.moves.tasks.get(id);
    if (!task || this.moves.consumers.holderOf(task)?.name !== consumer) return false;
    if (kind === 'log') {
      appendToLog(task, text);
      return true;
    }
    task.progress = text;
    this.moves.events.emit('progress', task, text);
    return true;
  }

  awaitOutcome(process: string, id: string): Finished | 'pending' | 'unknown' {
    if (this.moves.expire(LIMIT) > 0) this.handOver.settle();
    const task = this.moves.tasks.get(id);
    if (!task) {
      const outcome = this.moves.result(id);
      return outcome === undefined ? 'unknown' : { state: 'completed', outcome };
    }
    if (isFinal(task.place)) return { state: task.place, outcome: task.outcome ?? '' };
    const processes = this.moves.waiters.get(id) ?? new Set();
    this.moves.waiters.set(id, processes.add(process));
    return 'pending';
  }

  tidy(consumer: string, canRun: (envelope: string) => boolean): { readonly more: boolean } {
    const { ended, consumers } = this.moves;
    const old = ended.expire(this.clock.now());
    for (const task of old.tasks) this.moves.tasks.delete(task);
    const expired = this.moves.expire(LIMIT);
    const back: EmbeddedTask[] = [];
    for (const task of ended.in('parked')) {
      if (isStored(task) && (back.length === LIMIT || !canRun(task.envelope))) continue;
      this.moves.takeOut(task);
      if (!isStored(task)) continue;
      replaceOutcome(task, undefined);
      this.moves.events.emit('waiting', task);
      back.push(task);
    }
    const rest = this.handOver.offer(consumers.get(consumer), back);
    for (const task of rest.toReversed()) this.moves.giveBack(task);
    this.handOver.settle();
    return { more: old.more || expired === LIMIT || back.length === LIMIT };
  }

  remove(ids: readonly string[]): readonly ('removed' | 'missing' | 'active')[] {
    return this.settled(ids.map((id) => this.steering.remove(id)));
  }

  cancel(ids: readonly string[]): readonly ('cancelled' | 'cancelling' | 'ended' | 'missing')[] {
    return this.settled(ids.map((id) => this.steering.cancel(id)));
  }

  promoteAll(ids: readonly string[]): readonly boolean[] {
    return this.settled(ids.map((id) => this.steering.promote(id)));
  }

  retry(ids: readonly string[], everyMs: number, firstInMs: number): readonly boolean[] {
    let dueAt = this.clock.now() + firstInMs;
    return this.settled(
      ids.map((id) => {
        const retried = this.steering.retry(id, dueAt);
        if (retried) dueAt += everyMs;
        return retried;
      }),
    );
  }

  clean(state: Exclude<TaskState, 'active'>, olderThanMs: number): number {
    return this.settled(this.steering.clean(state, olderThanMs, LIMIT));
  }

  pause(name: string | undefined): void {
    const { limits } = this.moves;
    if (name === undefined) limits.paused = true;
    else limits.pausedNames.add(name);
  }

  resume(name: string | undefined): void {
    const { limits } = this.moves;
    if (name === undefined) limits.paused = false;
    else limits.pausedNames.delete(name);
    this.moves.stirred = true;
    this.handOver.settle();
  }

  obliterate(): void {
    // They are consumers no more, and find out as soon as they look.
    for (const { process } of this.moves.consumers.all()) {
      this.moves.outlets.push(process, { kind: 'due', inMs: 0 });
    }
    this.moves.clear();
    this.handOver.settle();
  }

  subscribe(process: string, pushed: readonly TaskEventName[], stored: readonly TaskEventName[]): void {
    this.moves.events.subscribe(process, pushed, stored);
  }

  /** `result`, after everybody has what may be claimed because of it. */
  private settled<T>(result: T): T {
    this.handOver.settle();
    return result;
  }

  private promote(task: EmbeddedTask): void {
    this.moves.takeOut(task);
    if (isStored(task)) this.moves.wait(task);
  }
}
