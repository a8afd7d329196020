import { readEvent, type TaskEventName } from '../../task/event.record.js';
import type {
  Finished,
  Push,
  QueueBroker,
  QueueSettings,
  RestingConsumer,
  TaskBroker,
} from '../../task/task.broker.js';
import type { RedisInbox } from './redis-inbox.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import { RedisQueueBroker } from './redis-queue.broker.js';
import { REST } from './scripts/consumer.lua.js';

/** Tasks on Redis: the queues of a process, and what is pushed to it for them. */
export class RedisTaskBroker implements TaskBroker {
  private readonly queues = new Map<string, RedisQueueBroker>();
  /** By queue. */
  private readonly idleLeases = new Map<string, number>();

  constructor(
    private readonly link: RedisLink,
    private readonly inbox: RedisInbox,
    private readonly keys: RedisKeys,
    private readonly process: string,
  ) {
    inbox.on('t', 5, ([queue = '', consumer = '', id = '', tries = '', envelope = '']) =>
      this.push(queue, { kind: 'task', consumer, task: { id, tries: Number(tries), envelope } }),
    );
    inbox.on('d', 2, ([queue = '', inMs]) => this.push(queue, { kind: 'due', inMs: Number(inMs) }));
    inbox.on('f', 4, ([queue = '', id = '', state, outcome = '']) =>
      this.push(queue, { kind: 'finished', id, state: state as Finished['state'], outcome }),
    );
    inbox.on('c', 3, ([queue = '', consumer = '', id = '']) =>
      this.push(queue, { kind: 'cancel', consumer, id }),
    );
    inbox.on('e', 3, ([queue = '', name = '', written = '']) =>
      this.push(queue, { kind: 'event', event: readEvent(name as TaskEventName, written) }),
    );
    inbox.on('r', 1, ([queue = '']) => this.queues.get(queue)?.hasRoom());
    inbox.onGap(() => this.queues.forEach((queue) => queue.gap()));
    // A step empties the whole wake list; when its answer is lost, so are messages for other queues.
    link.onBack(() => inbox.gap());
  }

  queue(settings: QueueSettings): QueueBroker {
    let queue = this.queues.get(settings.name);
    if (!queue) {
      queue = new RedisQueueBroker(settings, this.link, this.inbox, this.keys, this.process);
      this.queues.set(settings.name, queue);
      this.idleLeases.set(settings.name, settings.idleLeaseMs);
    }
    return queue;
  }

  listen(): Promise<void> {
    return this.inbox.start();
  }

  /** One plain command, so that it costs an idle Redis next to nothing. On a Cluster it has to be one for each slot. */
  async quiet(queues: readonly string[]): Promise<boolean> {
    const keys = queues.flatMap((queue) => this.keys.work(queue));
    return keys.length === 0 || (await this.link.command((redis) => redis.exists(...keys))) === 0;
  }

  async rest(consumers: readonly RestingConsumer[]): Promise<boolean> {
    const prefixes: string[] = [];
    const args: (string | number)[] = [];
    for (const { queue, consumer } of consumers) {
      const idleLeaseMs = this.idleLeases.get(queue);
      if (idleLeaseMs === undefined) return false;
      prefixes.push(this.keys.queue(queue));
      args.push(consumer, idleLeaseMs);
    }
    return consumers.length === 0 || (await this.link.run(REST, prefixes, args)) === 1;
  }

  private push(queue: string, push: Push): void {
    this.queues.get(queue)?.push(push);
  }
}
