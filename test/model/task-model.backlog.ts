import type { QueueModel } from './task-model.queue.js';
import type { ModelTask } from './task-model.task.js';

const isInBacklog = ({ state }: ModelTask): boolean => state === 'waiting' || state === 'delayed';

/** What waits or is delayed where that is bounded, and who is to be told when there is room again. */
export class ModelBacklog {
  /** By process: the groups for which there was no room; `undefined`: in the whole queue. */
  private readonly refused = new Map<string, Set<string | undefined>>();

  constructor(private readonly queue: QueueModel) {}

  /** One more of that group, in place of those, is too much. */
  refuses(process: string, group: string | undefined, replaces: readonly ModelTask[]): boolean {
    const gone = replaces.filter(isInBacklog);
    const isFull = gone.length === 0 && this.isFull(undefined);
    const isGroupFull =
      group !== undefined && !gone.some((task) => task.group === group) && this.isFull(group);
    if (!isFull && !isGroupFull) return false;
    const groups = this.refused.get(process) ?? new Set();
    this.refused.set(process, groups.add(isFull ? undefined : group));
    return true;
  }

  /** Processes that were refused something for which there is room now. Each is told once. */
  admitted(): string[] {
    const processes = [...this.refused].flatMap(([process, groups]) =>
      [...groups].some((group) => !this.isFull(group)) ? [process] : [],
    );
    for (const process of processes) this.refused.delete(process);
    return processes;
  }

  private isFull(group: string | undefined): boolean {
    const { limits, tasks } = this.queue;
    const most = group === undefined ? limits.backlog : limits.group?.backlog;
    if (most === undefined) return false;
    const open = [...tasks.values()].filter(isInBacklog);
    return open.filter((task) => group === undefined || task.group === group).length >= most;
  }
}
