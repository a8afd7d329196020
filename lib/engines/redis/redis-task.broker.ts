import { readEvent, type TaskEventName } from '../../task/event.record.js';
import type { Finished, Push, QueueBroker, QueueSettings, TaskBroker } from '../../task/task.broker.js';
import type { RedisInbox } from './redis-inbox.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import { RedisQueueBroker } from './redis-queue.broker.js';

/** Tasks on Redis: the queues of a process, and what is pushed to it for them. */
export class RedisTaskBroker implements TaskBroker {
  private readonly queues = new Map<string, RedisQueueBroker>();

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
    }
    return queue;
  }

  listen(): Promise<void> {
    return this.inbox.start();
  }

  private push(queue: string, push: Push): void {
    this.queues.get(queue)?.push(push);
  }
}
