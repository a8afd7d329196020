import { Injectable, NotFoundException } from '@nestjs/common';
import { QueueService, type Queue, type TaskSnapshot, type TaskState } from 'nestjs-depot';

/** A task and the queue that it is in. */
export interface FoundTask {
  readonly queue: Queue;
  readonly task: TaskSnapshot;
}

/** Finds a task by its id alone, in whichever queue it is. */
@Injectable()
export class TaskFinder {
  constructor(private readonly queues: QueueService) {}

  async find(id: string): Promise<FoundTask> {
    const looked = this.queues.all().map(async (queue) => ({ queue, task: await queue.get(id) }));
    for (const { queue, task } of await Promise.all(looked)) if (task) return { queue, task };
    throw new NotFoundException(`there is no task "${id}"; finished ones are kept for a while only`);
  }

  /** How many tasks are in each state, by queue. */
  async counts(): Promise<Record<string, Readonly<Record<TaskState, number>>>> {
    const counted = this.queues.all().map(async (queue) => [queue.name, await queue.counts()] as const);
    return Object.fromEntries(await Promise.all(counted));
  }
}
