import type { QueueModel } from './task-model.queue.js';
import type { ModelTask } from './task-model.task.js';

const isInBacklog = ({ state }: ModelTask): boolean => state === 'waiting' || state === 'delayed';

/** What waits or is delayed where that is bounded, and who is to be told when there is room again. */
export class ModelBacklog {
  /**
   * By process: the groups for which there was no room; `undefined`: in the whole queue. A process that is told tries
   * everything again; so it need not be told of the others among them, and may be.
   */
  private readonly refused = new Map<string, Map<string | undefined, 'owed' | 'optional'>>();

  constructor(private readonly queue: QueueModel) {}

  /** One more of that group, in place of those, is too much. */
  refuses(process: string, group: string | undefined, replaces: readonly ModelTask[]): boolean {
    const gone = replaces.filter(isInBacklog);
    const isFull = gone.length === 0 && this.isFull(undefined);
    const isGroupFull =
      group !== undefined && !gone.some((task) => task.group === group) && this.isFull(group);
    if (!isFull && !isGroupFull) return false;
    const groups = this.refused.get(process) ?? new Map<string | undefined, 'owed' | 'optional'>();
    this.refused.set(process, groups.set(isFull ? undefined : group, 'owed'));
    return true;
  }

  /** What is wrong with that these processes, and no others, were told that there is room. */
  tell(told: ReadonlySet<string>): string[] {
    const faults: string[] = [];
    for (const process of new Set([...told, ...this.refused.keys()])) {
      const groups = this.refused.get(process) ?? new Map<string | undefined, 'owed' | 'optional'>();
      const free = [...groups].filter(([group]) => !this.isFull(group));
      // Room that was there in the middle of a call may be gone at its end.
      if (told.has(process) && groups.size === 0) faults.push(`${process} had all that it wanted`);
      if (!told.has(process) && free.some(([, isOwed]) => isOwed === 'owed')) {
        faults.push(`${process} was not told of room`);
      }
      for (const [group] of free) groups.delete(group);
      if (told.has(process)) for (const group of groups.keys()) groups.set(group, 'optional');
    }
    return faults;
  }

  private isFull(group: string | undefined): boolean {
    const { limits, tasks } = this.queue;
    const most = group === undefined ? limits.backlog : limits.group?.backlog;
    if (most === undefined) return false;
    const open = [...tasks.values()].filter(isInBacklog);
    return open.filter((task) => group === undefined || task.group === group).length >= most;
  }
}
