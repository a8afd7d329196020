import type { Clock } from '../../common/clock.js';
import type { Unique } from '../../task/task.broker.js';
import { isFinal, type EmbeddedTask } from './embedded-task.js';
import { Records } from './records.js';

interface Holder {
  readonly id: string;
  /** When the first of those took the key that have passed it on. */
  readonly since: number;
  /** The key outlives its holder. */
  readonly throttles: boolean;
}

/** What becomes of a task that wants a key. */
export type Claim =
  | { readonly taken: string }
  | {
      readonly taken: undefined;
      /** Tasks whose place it takes; the last is the one that it is told of. */
      readonly replaces: readonly EmbeddedTask[];
      /** It is blocked until that one has ended. */
      readonly behind: EmbeddedTask | undefined;
      readonly dueAt: number;
      /** When the first of those took the key whose place it takes. */
      readonly since: number;
    };

interface Blocked {
  readonly behind: string;
  readonly dueAt: number;
}

/** Who has a unique key, and who is blocked until its holder has ended. */
export class UniqueKeys {
  readonly keys: Records<Holder>;
  /** The task that is blocked, by the id of the one that it is blocked by. */
  readonly next = new Map<string, EmbeddedTask>();
  private readonly blockedTasks = new Map<EmbeddedTask, Blocked>();

  constructor(
    private readonly clock: Clock,
    private readonly taskOf: (id: string) => EmbeddedTask | undefined,
  ) {
    this.keys = new Records(clock);
  }

  /** In the order in which they were added. */
  get blocked(): ReadonlyMap<EmbeddedTask, Blocked> {
    return this.blockedTasks;
  }

  /** What is to become of another task with that key, which would fall due at `dueAt`. Changes nothing. */
  claim({ key, mode, ttlMs = 0, maxWaitMs }: Unique, dueAt: number): Claim {
    const now = this.clock.now();
    const held = this.keys.get(key);
    const holder = held && this.holderOf(held.id, key);
    const free = !holder || isFinal(holder.place);
    if (held && (mode === 'reject' || mode === 'throttle')) return { taken: held.id };
    const isActive = holder?.place === 'active';
    if (held && isActive && mode === 'replace') return { taken: held.id };
    const blocked = holder && this.next.get(holder.id);
    const replaces = [...(blocked ? [blocked] : []), ...(free || isActive ? [] : [holder])];
    const behind = isActive && mode === 'keepLast' ? holder : undefined;
    const since = held && !free && !isActive ? held.since : now;
    const latest = maxWaitMs === undefined ? Number.POSITIVE_INFINITY : since + maxWaitMs;
    const due = mode === 'debounce' ? Math.min(now + ttlMs, latest) : dueAt;
    return { taken: undefined, replaces, behind, dueAt: due, since };
  }

  /** Another task may have got the id since its holder has ended. */
  private holderOf(id: string, key: string): EmbeddedTask | undefined {
    const task = this.taskOf(id);
    return task?.unique?.key === key ? task : undefined;
  }

  /** The task has its key from now on, whoever had it before. */
  give({ id, unique }: EmbeddedTask, since = this.clock.now()): void {
    if (!unique) return;
    const { key, mode, ttlMs } = unique;
    const holder = { id, since, throttles: mode === 'throttle' };
    // What a debounced one waits for is no bound for its key.
    this.keys.set(key, holder, mode === 'debounce' ? undefined : ttlMs);
  }

  /** The task has its key again, until it has ended; says whether. Not when another one has it. */
  retake({ id, unique }: EmbeddedTask): boolean {
    if (!unique) return true;
    const held = this.keys.get(unique.key);
    if (held && held.id !== id) return false;
    if (!held) this.keep(id, unique.key);
    return true;
  }

  /** It is blocked until `behind` has ended. */
  block(task: EmbeddedTask, behind: EmbeddedTask, dueAt: number): void {
    this.next.set(behind.id, task);
    this.blockedTasks.set(task, { behind: behind.id, dueAt });
    task.place = 'blocked';
  }

  /** Returns when it would have fallen due. */
  unblock(task: EmbeddedTask): number {
    const { behind = '', dueAt = 0 } = this.blockedTasks.get(task) ?? {};
    this.blockedTasks.delete(task);
    this.next.delete(behind);
    task.place = 'nowhere';
    return dueAt;
  }

  /**
   * The task has ended or is removed. Its key is free, and the one that was blocked behind it has it and is returned: it
   * is blocked until `unblock`.
   */
  release(task: EmbeddedTask): EmbeddedTask | undefined {
    if (!task.unique) return undefined;
    const { key } = task.unique;
    const held = this.keys.get(key);
    const blocked = this.next.get(task.id);
    if (held?.id === task.id && !held.throttles) this.keys.delete(key);
    if (blocked && !this.keys.has(key)) this.keep(blocked.id, key);
    return blocked;
  }

  private keep(id: string, key: string): void {
    this.keys.set(key, { id, since: this.clock.now(), throttles: false });
  }

  clear(): void {
    this.keys.clear();
    this.next.clear();
    this.blockedTasks.clear();
  }
}
