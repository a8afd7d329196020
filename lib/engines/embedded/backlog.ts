import type { QueueLimits } from '../../task/task.broker.js';
import { isWaiting, type EmbeddedTask } from './embedded-task.js';

/** What waits or is delayed, where that is bounded, and who wants to know when there is room again. */
export class Backlog {
  private most: number | undefined;
  private mostOfGroup: number | undefined;
  private readonly groups = new Map<string, number>();
  /** By process: the groups for which there was no room; `undefined`: in the whole queue. */
  private readonly refused = new Map<string, Set<string | undefined>>();

  constructor(private readonly size: () => number) {}

  /** Other bounds hold from now on; `tasks` is what waits or is delayed. */
  replace({ backlog, group }: QueueLimits, tasks: Iterable<EmbeddedTask>): void {
    this.most = backlog;
    this.mostOfGroup = group?.backlog;
    this.groups.clear();
    if (this.mostOfGroup !== undefined) for (const task of tasks) this.enter(task);
  }

  enter({ group }: EmbeddedTask): void {
    if (this.mostOfGroup === undefined || group === undefined) return;
    this.groups.set(group, (this.groups.get(group) ?? 0) + 1);
  }

  leave({ group }: EmbeddedTask): void {
    if (this.mostOfGroup === undefined || group === undefined) return;
    const left = (this.groups.get(group) ?? 1) - 1;
    if (left > 0) this.groups.set(group, left);
    else this.groups.delete(group);
  }

  /** There is no room for a task of that group that takes the place of `replaced`; the process is told when there is. */
  refuses(process: string, group: string | undefined, replaced: readonly EmbeddedTask[]): boolean {
    if (this.most === undefined && this.mostOfGroup === undefined) return false;
    const gone = replaced.filter(isInBacklog);
    const full = gone.length === 0 && this.isFull(undefined);
    const groupFull = group !== undefined && !gone.some((task) => task.group === group) && this.isFull(group);
    if (!full && !groupFull) return false;
    const wanted = this.refused.get(process) ?? new Set();
    this.refused.set(process, wanted.add(full ? undefined : group));
    return true;
  }

  /** The processes that were refused and need not be any more. Each is told once. */
  admitted(): readonly string[] {
    if (this.refused.size === 0) return [];
    const processes = [...this.refused].flatMap(([process, groups]) =>
      [...groups].some((group) => !this.isFull(group)) ? [process] : [],
    );
    for (const process of processes) this.refused.delete(process);
    return processes;
  }

  private isFull(group: string | undefined): boolean {
    if (group === undefined) return this.most !== undefined && this.size() >= this.most;
    return this.mostOfGroup !== undefined && (this.groups.get(group) ?? 0) >= this.mostOfGroup;
  }
}

const isInBacklog = ({ place }: EmbeddedTask): boolean => place === 'delayed' || isWaiting(place);
