import type { Unique } from '../../lib/task/task.broker.js';
import { isFinal, type ModelTask } from './task-model.task.js';

interface Holder {
  readonly id: string;
  /** When the first of those took the key that have passed it on. */
  readonly since: number;
  readonly until: number;
  /** Its end does not free the key. */
  readonly outlives: boolean;
}

/** What is to become of a task that wants a key. */
export type KeyAnswer =
  | { readonly to: 'taken'; readonly by: string }
  | { readonly to: 'blocked'; readonly behind: ModelTask; readonly replaces: readonly ModelTask[] }
  | {
      readonly to: 'free';
      readonly replaces: readonly ModelTask[];
      readonly since: number;
      /** When it falls due, if that is not as it says itself. */
      readonly dueAt: number | undefined;
    };

/** Who has which unique key, and which task is blocked behind which. */
export class ModelKeys {
  private readonly holders = new Map<string, Holder>();
  /** Id of the blocked task by the id of the one that it is blocked by. */
  readonly behind = new Map<string, string>();

  constructor(private readonly tasks: ReadonlyMap<string, ModelTask>) {}

  ask({ key, mode, ttlMs = 0, maxWaitMs }: Unique, now: number): KeyAnswer {
    const holder = this.holderOf(key, now);
    if (!holder) return { to: 'free', replaces: [], since: now, dueAt: debounced(now) };
    const known = this.tasks.get(holder.id);
    // Another task may have got the id since.
    const task = known?.unique?.key === key ? known : undefined;
    const isActive = task?.state === 'active';
    if (mode === 'reject' || mode === 'throttle' || (mode === 'replace' && isActive)) {
      return { to: 'taken', by: holder.id };
    }
    const blocked = this.blockedBy(holder.id);
    if (mode === 'keepLast' && isActive) {
      return { to: 'blocked', behind: task, replaces: blocked ? [blocked] : [] };
    }
    const isReplaced = task !== undefined && !isActive && !isFinal(task.state);
    const since = isReplaced ? holder.since : now;
    const replaces = [...(blocked ? [blocked] : []), ...(isReplaced ? [task] : [])];
    return { to: 'free', replaces, since, dueAt: debounced(since) };

    function debounced(first: number): number | undefined {
      if (mode !== 'debounce') return undefined;
      return Math.min(now + ttlMs, first + (maxWaitMs ?? Number.POSITIVE_INFINITY));
    }
  }

  take({ id, unique }: ModelTask, since: number, now: number): void {
    if (!unique) return;
    const { key, mode, ttlMs } = unique;
    const until = mode === 'debounce' || ttlMs === undefined ? Number.POSITIVE_INFINITY : now + ttlMs;
    this.holders.set(key, { id, since, until, outlives: mode === 'throttle' });
  }

  /** For a task that begins anew; says whether no other one has its key. */
  takeAgain({ id, unique }: ModelTask, now: number): boolean {
    if (!unique) return true;
    const holder = this.holderOf(unique.key, now);
    if (!holder) this.hold(id, unique.key, now);
    return !holder || holder.id === id;
  }

  /** The task has ended, or is removed. Returns the one that was blocked by it and is so no more. */
  free({ id, unique }: ModelTask, now: number): ModelTask | undefined {
    if (!unique) return undefined;
    for (const [behind, blocked] of this.behind) if (blocked === id) this.behind.delete(behind);
    const holder = this.holderOf(unique.key, now);
    if (holder?.id === id && !holder.outlives) this.holders.delete(unique.key);
    const next = this.blockedBy(id);
    this.behind.delete(id);
    if (next && !this.holderOf(unique.key, now)) this.hold(next.id, unique.key, now);
    return next;
  }

  clear(): void {
    this.holders.clear();
    this.behind.clear();
  }

  private blockedBy(id: string): ModelTask | undefined {
    return this.tasks.get(this.behind.get(id) ?? '');
  }

  private hold(id: string, key: string, now: number): void {
    this.holders.set(key, { id, since: now, until: Number.POSITIVE_INFINITY, outlives: false });
  }

  private holderOf(key: string, now: number): Holder | undefined {
    const holder = this.holders.get(key);
    return holder && holder.until > now ? holder : undefined;
  }
}
