import { Inject, Injectable, NotFoundException } from '@nestjs/common';
import { getQueueToken, type Queue, type TaskSnapshot } from 'nestjs-depot';
import { QUEUES } from './queues.js';

const ALL_QUEUES = Symbol('all queues of the app');

/** Finds a task by its id alone, in whichever queue it is. */
@Injectable()
export class TaskFinder {
  constructor(@Inject(ALL_QUEUES) private readonly queues: readonly Queue[]) {}

  async get(id: string): Promise<TaskSnapshot> {
    const found = await Promise.all(this.queues.map((queue) => queue.get(id)));
    const task = found.find((snapshot) => snapshot !== undefined);
    if (!task)
      throw new NotFoundException(`there is no task "${id}"; finished ones are kept for a while only`);
    return task;
  }

  /** How many tasks are in each state, by queue. */
  async counts(): Promise<Record<string, unknown>> {
    const counts = await Promise.all(this.queues.map((queue) => queue.counts()));
    return Object.fromEntries(QUEUES.map((name, index) => [name, counts[index]]));
  }
}

/** Gives the finder the handle of each queue. */
export const allQueues = {
  provide: ALL_QUEUES,
  useFactory: (...queues: Queue[]) => queues,
  inject: QUEUES.map((name) => getQueueToken(name)),
};
