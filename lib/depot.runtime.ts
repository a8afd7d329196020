import type { Engine } from './engines/engine.js';
import { DepotConfigError } from './common/errors.js';
import type { DepotLogger } from './common/logger.js';
import type { DepotSettings, RegisteredQueue } from './depot.settings.js';
import { queueSettings } from './depot.settings.js';
import type { QueueOptions } from './depot.options.js';
import { EventSubscription } from './task/event.subscription.js';
import { QueueClient } from './task/queue.client.js';
import type { Queue } from './task/queue.js';
import type { QueueBroker } from './task/task.broker.js';

export interface OpenQueue {
  readonly settings: RegisteredQueue;
  readonly broker: QueueBroker;
  readonly client: Queue;
  readonly events: EventSubscription;
}

/** One application's engine and the queues that are registered with it. */
export class DepotRuntime {
  private readonly queues = new Map<string, OpenQueue>();

  constructor(
    readonly settings: DepotSettings,
    readonly engine: Engine,
    readonly logger: DepotLogger,
  ) {}

  /**
   * Opens a queue; one that is registered twice must have the same options.
   *
   * @throws DepotConfigError
   */
  register(options: QueueOptions): Queue {
    const settings = queueSettings(options, this.settings);
    const open = this.queues.get(settings.name);
    if (open) {
      if (JSON.stringify(open.settings) === JSON.stringify(settings)) return open.client;
      throw new DepotConfigError(`queue '${settings.name}' is registered twice with different options`);
    }
    const broker = this.engine.tasks.queue(settings);
    const events = new EventSubscription(broker, this.engine.clock, this.logger);
    const client = new QueueClient(
      broker,
      () => this.engine.tasks.listen(),
      this.engine.clock,
      this.settings,
    );
    this.queues.set(settings.name, { settings, broker, client, events });
    return client;
  }

  /** @throws EngineUnavailableError when the engine can't be reached; nothing is left running then */
  async open(): Promise<void> {
    await this.orClose(() => this.engine.open());
  }

  /** What fails at start-up leaves no connection behind that would keep the process alive. */
  async orClose<T>(start: () => Promise<T>): Promise<T> {
    try {
      return await start();
    } catch (error) {
      await this.engine.close();
      throw error;
    }
  }

  queue(name: string): OpenQueue | undefined {
    return this.queues.get(name);
  }

  get queueNames(): readonly string[] {
    return [...this.queues.keys()];
  }
}
