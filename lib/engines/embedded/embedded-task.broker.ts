import { toError } from '../../common/errors.js';
import { silentLogger, type DepotLogger } from '../../common/logger.js';
import type { QueueBroker, QueueSettings, RestingConsumer, TaskBroker } from '../../task/task.broker.js';
import type { EmbeddedInbox, Message } from './embedded-inbox.js';
import { EmbeddedQueueBroker, type QueueListeners } from './embedded-queue.broker.js';
import type { EmbeddedTaskStore } from './embedded-task.store.js';

/** Tasks in memory. A `process` is whoever has a broker of its own on the store; an application has one. */
export class EmbeddedTaskBroker implements TaskBroker {
  private readonly listeners = new Map<string, QueueListeners>();
  private readonly inbox: EmbeddedInbox;

  constructor(
    private readonly store: EmbeddedTaskStore,
    private readonly process: string,
    private readonly logger: DepotLogger = silentLogger,
  ) {
    this.inbox = store.inbox(process);
  }

  queue(settings: QueueSettings): QueueBroker {
    const { name } = settings;
    const listeners = this.listeners.get(name) ?? { push: [], room: [] };
    this.listeners.set(name, listeners);
    const queue = this.store.queue(settings);
    return new EmbeddedQueueBroker(name, queue, this.process, listeners, queue.open(settings));
  }

  listen(): Promise<void> {
    this.inbox.listen((message) => this.deliver(message));
    return Promise.resolve();
  }

  async quiet(queues: readonly string[]): Promise<boolean> {
    return queues.every((name) => this.store.opened(name)?.isQuiet !== false);
  }

  async rest(consumers: readonly RestingConsumer[]): Promise<boolean> {
    const rested = consumers.map(({ queue, consumer }) => this.store.opened(queue)?.rest(consumer) === true);
    return !rested.includes(false);
  }

  close(): void {
    this.inbox.close();
  }

  private deliver({ queue, push }: Message): void {
    const listeners = this.listeners.get(queue);
    if (push === 'room') for (const listener of listeners?.room ?? []) this.tell(listener);
    else for (const listener of listeners?.push ?? []) this.tell(() => listener(push));
  }

  private tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.logger.error(`A push could not be handled: ${toError(error).message}`, toError(error).stack);
    }
  }
}
