import { DepotConfigError } from '../common/errors.js';
import { wholeNumber } from '../common/options.js';
import type { AddOptions } from './add.options.js';
import type { Queue, TaskHandle, TaskSnapshot } from './queue.js';
import type { QueueBroker } from './task.broker.js';
import type { TaskRoutes } from './task.routes.js';
import type { TaskState } from './task.state.js';

/** A queue of the application as the service sees it. */
export interface KnownQueue {
  readonly broker: Pick<QueueBroker, 'consumers' | 'paused'>;
  readonly client: Queue;
}

export interface KnownQueues {
  readonly queueNames: readonly string[];
  queue(name: string): KnownQueue | undefined;
}

/** A process that works on a queue. */
export interface WorkerSnapshot {
  readonly queue: string;
  /** The process; the same for all of its queues. */
  readonly process: string;
  /** Its number among those who have ever worked on the queue. */
  readonly consumer: string;
  /** Tasks that it has in hand. */
  readonly active: number;
  /** It is taken for dead when it is not heard of before that. */
  readonly aliveUntil: Date;
}

export interface QueueStats {
  readonly queue: string;
  /** How many tasks are in each state. */
  readonly counts: Readonly<Record<TaskState, number>>;
  readonly paused: boolean;
  /** Names of tasks that are paused by themselves. */
  readonly pausedNames: readonly string[];
  /** How many processes work on it. */
  readonly workers: number;
}

/** How many tasks of a queue are looked at. */
export interface LookOptions {
  /** Of each queue, 1 to 1,000. @default 100 */
  readonly limit?: number;
}

/**
 * All queues of the application, and what goes on in them in all processes.
 *
 * @example
 * constructor(private readonly queues: QueueService) {}
 * await this.queues.dispatch('user.email', { to: 'ann@example.com' });
 */
export class QueueService {
  constructor(
    private readonly queues: KnownQueues,
    private readonly routes: TaskRoutes,
  ) {}

  /** The same as `@InjectQueue(name)`. @throws DepotConfigError when it is not registered */
  queue<T = unknown>(name: string): Queue<T> {
    return this.known(name).client as Queue<T>;
  }

  /** In the order in which they were registered. */
  all(): readonly Queue[] {
    return this.queues.queueNames.map((name) => this.known(name).client);
  }

  /**
   * Adds a task to the queue that the option `routes` names for this key. The task has the key as its name, unless the
   * route names another one.
   *
   * @throws DepotConfigError when no route fits
   * @throws whatever `queue.add` throws
   */
  async dispatch(key: string, message?: unknown, options: AddOptions = {}): Promise<TaskHandle> {
    const { queue, task } = this.routes.of(key);
    return this.known(queue).client.add(task, message, options);
  }

  /** Who works on which queue, in all processes. */
  async workers(): Promise<WorkerSnapshot[]> {
    const ofQueues = this.queues.queueNames.map(async (queue) => {
      const consumers = await this.known(queue).broker.consumers();
      return consumers.map(({ process, consumer, active, until }) => ({
        queue,
        process,
        consumer,
        active,
        aliveUntil: new Date(until),
      }));
    });
    return (await Promise.all(ofQueues)).flat();
  }

  /** Tasks that run now, in all processes. */
  active(options: LookOptions = {}): Promise<TaskSnapshot[]> {
    return this.look('active', options);
  }

  /** Tasks that are delayed, the next one first. */
  async scheduled(options: LookOptions = {}): Promise<TaskSnapshot[]> {
    const tasks = await this.look('delayed', options);
    return tasks.toSorted((a, b) => Number(a.runAt) - Number(b.runAt));
  }

  /** What each queue has. */
  stats(): Promise<QueueStats[]> {
    return Promise.all(
      this.all().map(async (client) => {
        const { broker } = this.known(client.name);
        const [counts, paused, workers] = await Promise.all([
          client.counts(),
          broker.paused(),
          broker.consumers(),
        ]);
        return {
          queue: client.name,
          counts,
          paused: paused.queue,
          pausedNames: paused.names,
          workers: workers.length,
        };
      }),
    );
  }

  private async look(state: TaskState, { limit = 100 }: LookOptions): Promise<TaskSnapshot[]> {
    const stop = wholeNumber(limit, 1, 1_000, 'limit') - 1;
    const found = await Promise.all(this.all().map((queue) => queue.list(state, { stop })));
    return found.flat();
  }

  private known(name: string): KnownQueue {
    const queue = this.queues.queue(name);
    if (queue) return queue;
    throw new DepotConfigError(
      `queue '${name}' is not registered; there are: ${this.queues.queueNames.join(', ') || 'none'}`,
    );
  }
}
