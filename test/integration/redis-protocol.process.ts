import { Redis } from 'ioredis';
import { silentLogger } from '../../lib/common/logger.js';
import { RedisInbox } from '../../lib/engines/redis/redis-inbox.js';
import { RedisKeys } from '../../lib/engines/redis/redis-keys.js';
import { RedisLink } from '../../lib/engines/redis/redis-link.js';
import { RedisTaskBroker } from '../../lib/engines/redis/redis-task.broker.js';
import type { Push, QueueBroker, QueueSettings } from '../../lib/task/task.broker.js';
import { SETTINGS } from '../contract/task-broker.fleet.js';
import { uniqueNamespace } from '../support/namespace.js';

export const COMMAND_TIMEOUT = 300;

/** A process as the library makes one, on real time. */
export class Process {
  readonly pushes: Push[] = [];
  gaps = 0;
  readonly link: RedisLink;
  readonly inbox: RedisInbox;
  private readonly broker: RedisTaskBroker;

  constructor(
    url: string,
    readonly keys = new RedisKeys(uniqueNamespace('protocol')),
    readonly name = 'p1',
    blockingUrl = url,
  ) {
    const settings = { connectTimeoutMs: 500, waitMs: 0 };
    const connect =
      (to: string) =>
      (overrides: object): Redis =>
        new Redis(to, overrides);
    this.link = new RedisLink({ ...settings, connect: connect(url), commandTimeoutMs: COMMAND_TIMEOUT });
    const blocking = new RedisLink({ ...settings, connect: connect(blockingUrl), commandTimeoutMs: 35_000 });
    this.inbox = new RedisInbox(blocking, this.keys.wake(name), silentLogger);
    this.broker = new RedisTaskBroker(this.link, this.inbox, this.keys, name);
  }

  async open(): Promise<this> {
    await this.link.open();
    await this.inbox.start();
    return this;
  }

  queue(settings: Partial<QueueSettings> = {}): QueueBroker {
    const queue = this.broker.queue({ ...SETTINGS, ...settings });
    queue.onPush((push) => this.pushes.push(push));
    queue.onGap(() => this.gaps++);
    return queue;
  }

  get handed(): string[] {
    return this.pushes.flatMap((push) => (push.kind === 'task' ? [push.task.id] : []));
  }

  close(): void {
    this.inbox.stop();
    this.link.close();
  }
}
