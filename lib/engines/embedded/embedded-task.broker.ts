import { toError } from '../../common/errors.js';
import { silentLogger, type DepotLogger } from '../../common/logger.js';
import type { QueueBroker, QueueSettings, TaskBroker } from '../../task/task.broker.js';
import type { BlockingList } from './blocking-list.js';
import { EmbeddedQueueBroker, type QueueListeners } from './embedded-queue.broker.js';
import type { EmbeddedTaskStore, Message } from './embedded-task.store.js';

/** Tasks in memory. A `process` is whoever has a broker of its own on the store; an application has one. */
export class EmbeddedTaskBroker implements TaskBroker {
  private readonly listeners = new Map<string, QueueListeners>();
  private readonly closing = new AbortController();
  private listening = false;

  constructor(
    private readonly store: EmbeddedTaskStore,
    private readonly process: string,
    private readonly logger: DepotLogger = silentLogger,
  ) {}

  queue(settings: QueueSettings): QueueBroker {
    const { name } = settings;
    const listeners = this.listeners.get(name) ?? { push: [], room: [] };
    this.listeners.set(name, listeners);
    const queue = this.store.queue(settings);
    return new EmbeddedQueueBroker(name, queue, this.process, listeners, queue.open(settings));
  }

  listen(): Promise<void> {
    if (!this.listening) void this.loop();
    this.listening = true;
    return Promise.resolve();
  }

  close(): void {
    this.closing.abort();
  }

  private async loop(): Promise<void> {
    const inbox: BlockingList<Message> = this.store.wake(this.process);
    const { signal } = this.closing;
    while (!signal.aborted) {
      const message = await inbox.take(signal).catch(() => undefined);
      if (!message) return;
      for (const { queue, push } of [message, ...inbox.shift(1_000)]) {
        const listeners = this.listeners.get(queue);
        if (push === 'room') for (const listener of listeners?.room ?? []) this.tell(listener);
        else for (const listener of listeners?.push ?? []) this.tell(() => listener(push));
      }
    }
  }

  private tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.logger.error(`A push could not be handled: ${toError(error).message}`, toError(error).stack);
    }
  }
}
