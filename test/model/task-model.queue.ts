import type { TaskEventName } from '../../lib/task/event.record.js';
import { eventQueue, type EventRecord } from '../../lib/task/event.record.js';
import type { Added, NewTask, QueueLimits, QueueSettings } from '../../lib/task/task.broker.js';
import { replacedOutcome } from '../../lib/task/task.outcome.js';
import { FINAL_STATES, type FinalState, type TaskState } from '../../lib/task/task.state.js';
import { ModelBacklog } from './task-model.backlog.js';
import { ModelBucket } from './task-model.bucket.js';
import { ModelHands } from './task-model.hands.js';
import { ModelKeys } from './task-model.keys.js';
import { isFinal, modelTask, replaceOutcome, type ModelTask } from './task-model.task.js';

export interface ModelConsumer {
  readonly name: string;
  readonly process: string;
  deadline: number;
  /** Free slots that it can be handed tasks for. */
  free: number;
  suspect: string | undefined;
}

interface Subscription {
  readonly pushed: readonly TaskEventName[];
  readonly stored: readonly TaskEventName[];
}

/** What a command makes known to the outside. */
export interface News {
  /** `process id state outcome`, of those who wait for an end. */
  readonly told: string[];
  /** `process consumer id`, of tasks that their worker is to stop. */
  readonly cancels: string[];
  readonly events: EventRecord[];
}

/**
 * A queue as it is meant to be: the specification that both engines are compared with. It knows nothing of where a task
 * waits, only in which order; who gets what is not for it to say, only whether it may be (`task-model.claims.ts`).
 */
export class QueueModel {
  readonly tasks = new Map<string, ModelTask>();
  readonly consumers = new Map<string, ModelConsumer>();
  readonly keys = new ModelKeys(this.tasks);
  readonly backlog = new ModelBacklog(this);
  readonly hands = new ModelHands(this);
  readonly waiters = new Map<string, Set<string>>();
  /** Outcomes that were asked to be kept, by id. */
  readonly results = new Map<string, string>();
  /** The same of tasks that were obliterated; they may be forgotten. */
  readonly formerResults = new Map<string, string>();
  readonly pausedNames = new Set<string>();
  /** By process. `undefined`: nobody can say whether it still holds. */
  readonly subscriptions = new Map<string, Subscription | undefined>();
  readonly groupBuckets = new Map<string, ModelBucket>();
  bucket: ModelBucket | undefined;
  /** Until then nobody can say how many tokens there are, only how many at most. */
  tokensKnownFrom = 0;
  isPaused = false;
  news: News = { told: [], cancels: [], events: [] };
  private first = 0;
  private last = 0;

  constructor(
    readonly settings: QueueSettings,
    public limits: QueueLimits,
    public now: number,
  ) {
    this.limit(limits);
    this.tokensKnownFrom = now;
  }

  limit(limits: QueueLimits): void {
    for (const rate of [this.limits.rate, this.limits.group?.rate, limits.rate, limits.group?.rate]) {
      if (rate) this.tokensKnownFrom = Math.max(this.tokensKnownFrom, this.now + rate.perMs);
    }
    this.limits = limits;
    this.bucket = limits.rate && new ModelBucket(limits.rate, this.now);
    this.groupBuckets.clear();
  }

  in(state: TaskState): ModelTask[] {
    return [...this.tasks.values()].filter((task) => task.state === state);
  }

  handOf(consumer: string): ModelTask[] {
    return this.in('active').filter(({ holder }) => holder === consumer);
  }

  consumerOf(process: string): ModelConsumer | undefined {
    return [...this.consumers.values()].find((consumer) => consumer.process === process);
  }

  add(process: string, tasks: readonly NewTask[]): Added[] {
    return tasks.map((task) => this.addOne(process, task));
  }

  fallDue(): void {
    const due = this.in('delayed').filter(({ at = 0 }) => at <= this.now);
    for (const at of [...new Set(due.map((task) => task.at ?? 0))].sort((a, b) => a - b)) {
      const order = this.back();
      for (const task of due) if (task.at === at) this.wait(task, order);
    }
  }

  /** Those that nobody has claimed in time. */
  overdue(): ModelTask[] {
    const open: readonly TaskState[] = ['waiting', 'delayed', 'blocked', 'parked'];
    return [...this.tasks.values()].filter(
      ({ expiresAt, state }) => expiresAt !== undefined && expiresAt <= this.now && open.includes(state),
    );
  }

  expire(tasks: readonly ModelTask[] = this.overdue()): void {
    const order = this.back();
    for (const task of tasks) this.end(task, 'expired', '', order);
  }

  /** What has been kept beyond its age. */
  forgetOld(): void {
    for (const state of FINAL_STATES) {
      const since = this.now - this.settings.keep[state].ageMs;
      for (const { id, at = 0 } of this.in(state)) if (at <= since) this.tasks.delete(id);
    }
  }

  unpark(names: readonly string[]): string[] {
    const order = this.front();
    const back = this.in('parked').filter(({ name }) => names.includes(name));
    for (const task of back) {
      replaceOutcome(task, '');
      this.giveBack(task, order);
      this.emit('waiting', task);
    }
    return back.map(({ id }) => id);
  }

  remove(id: string): 'removed' | 'missing' | 'active' {
    const task = this.tasks.get(id);
    if (!task) return 'missing';
    if (task.state === 'active') return 'active';
    this.tasks.delete(id);
    this.dropResult(id);
    this.freeKey(task, this.back());
    this.tell(id, 'removed', '');
    return 'removed';
  }

  cancel(id: string): 'cancelled' | 'cancelling' | 'ended' | 'missing' {
    const task = this.tasks.get(id);
    if (!task) return 'missing';
    if (isFinal(task.state)) return 'ended';
    if (task.state === 'active') {
      task.isCancelling = true;
      this.tellHolder(task);
      return 'cancelling';
    }
    this.end(task, 'cancelled', '');
    return 'cancelled';
  }

  tellHolder(task: ModelTask): void {
    const holder = this.consumers.get(task.holder ?? '');
    if (holder) this.news.cancels.push(`${holder.process} ${holder.name} ${task.id}`);
  }

  promote(id: string): boolean {
    const task = this.tasks.get(id);
    if (task?.state !== 'delayed') return false;
    this.wait(task, this.back());
    return true;
  }

  retry(id: string, dueAt: number): boolean {
    const task = this.tasks.get(id);
    if (!task || !(isFinal(task.state) || task.state === 'parked')) return false;
    if (!this.keys.takeAgain(task, this.now)) return false;
    this.dropResult(id);
    replaceOutcome(task, '');
    task.tries = 0;
    task.crashes = undefined;
    task.expiresAt = undefined;
    this.waitFrom(task, dueAt, this.back());
    return true;
  }

  obliterate(): void {
    for (const id of this.waiters.keys()) this.tell(id, 'removed', '');
    this.tasks.clear();
    this.consumers.clear();
    for (const [id, outcome] of this.results) this.formerResults.set(id, outcome);
    this.results.clear();
    this.keys.clear();
    this.pausedNames.clear();
    this.isPaused = false;
    for (const process of this.subscriptions.keys()) this.subscriptions.set(process, undefined);
    this.limit(this.limits);
  }

  /** It is in the consumer's hand from now on. */
  hold(consumer: ModelConsumer, task: ModelTask): void {
    if (task.isSuspect) consumer.suspect = task.id;
    task.state = 'active';
    task.holder = consumer.name;
    task.isSuspect = task.overtakes = false;
    task.expiresAt = undefined;
    this.bucket?.take(this.now);
    if (task.group !== undefined) this.bucketOf(task.group)?.take(this.now);
    this.emit('active', task);
  }

  bucketOf(group: string): ModelBucket | undefined {
    const rate = this.limits.group?.rate;
    if (!rate) return undefined;
    const bucket = this.groupBuckets.get(group) ?? new ModelBucket(rate, this.now);
    this.groupBuckets.set(group, bucket);
    return bucket;
  }

  emit(name: TaskEventName, task: ModelTask, text = '', dueAt?: number): void {
    const { id, tries, envelope } = task;
    this.news.events.push({ name, id, at: this.now, tries, dueAt, text, envelope });
  }

  /** The queue of its events, which is another one. */
  get eventQueue(): string {
    return eventQueue(this.settings.name);
  }

  private addOne(process: string, added: NewTask): Added {
    const { id, due, unique, group, expiresInMs } = added;
    if (this.tasks.has(id)) return { to: 'exists', id };
    const answer = unique && this.keys.ask(unique, this.now);
    if (answer?.to === 'taken') return { to: 'exists', id: answer.by };
    const replaces = answer?.replaces ?? [];
    if (answer?.to !== 'blocked' && this.backlog.refuses(process, group, replaces)) return { to: 'full' };

    const ownDueAt = due === undefined ? this.now : 'inMs' in due ? this.now + due.inMs : due.atMs;
    const dueAt = Math.max(this.now, (answer?.to === 'free' ? answer.dueAt : undefined) ?? ownDueAt);
    const task = modelTask(added);
    if (expiresInMs !== undefined) task.expiresAt = dueAt + expiresInMs;
    this.tasks.set(id, task);
    this.dropResult(id);
    if (answer?.to === 'free') this.keys.take(task, answer.since, this.now);
    for (const replaced of replaces) this.end(replaced, 'cancelled', replacedOutcome(id));
    if (answer?.to === 'blocked') {
      task.state = 'blocked';
      task.at = dueAt;
      this.keys.behind.set(answer.behind.id, id);
    } else {
      this.waitFrom(task, dueAt, this.back());
    }
    const told = replaces.at(-1);
    return told ? { to: 'added', replaced: told.id } : { to: 'added' };
  }

  /** The only way into a final state. */
  end(task: ModelTask, state: FinalState, outcome: string, order = this.back()): void {
    replaceOutcome(task, outcome, state === 'dead' ? this.now : undefined);
    task.state = state;
    task.at = this.now;
    task.expiresAt = undefined;
    task.isSuspect = false;
    this.emit(state, task, outcome);
    this.freeKey(task, order);
    this.tell(task.id, state, outcome);
  }

  private freeKey(task: ModelTask, order: number): void {
    const next = this.keys.free(task, this.now);
    if (next?.state === 'blocked') this.waitFrom(next, next.at ?? 0, order);
  }

  /** It is delayed until then, or waits if that is now. */
  waitFrom(task: ModelTask, dueAt: number, order: number): void {
    if (dueAt <= this.now) {
      this.wait(task, order);
      return;
    }
    task.state = 'delayed';
    task.at = dueAt;
  }

  private wait(task: ModelTask, order: number): void {
    this.giveBack(task, order);
    this.emit('waiting', task);
  }

  /** It waits in that place. */
  giveBack(task: ModelTask, order: number): void {
    task.state = 'waiting';
    task.order = order;
    task.at = undefined;
  }

  private dropResult(id: string): void {
    this.results.delete(id);
    this.formerResults.delete(id);
  }

  private tell(id: string, state: FinalState | 'removed', outcome: string): void {
    for (const process of this.waiters.get(id) ?? [])
      this.news.told.push(`${process} ${id} ${state} ${outcome}`);
    this.waiters.delete(id);
  }

  /** A place before all others. */
  front(): number {
    return --this.first;
  }

  /** A place behind all others. */
  back(): number {
    return ++this.last;
  }
}
