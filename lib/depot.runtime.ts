import type { CacheOptions } from './cache/cache.options.js';
import { CacheRegistry } from './cache/cache.registry.js';
import type { CacheService } from './cache/cache.service.js';
import type { FallbackEngines } from './depot.fallbacks.js';
import { createMemoryCaches } from './engines/engine.factory.js';
import type { Engine } from './engines/engine.js';
import { DepotConfigError } from './common/errors.js';
import type { DepotLogger } from './common/logger.js';
import type { DepotSettings, RegisteredQueue } from './depot.settings.js';
import { queueSettings } from './depot.settings.js';
import type { QueueOptions } from './depot.options.js';
import { EventSubscription } from './task/event.subscription.js';
import { QueueClient } from './task/queue.client.js';
import type { Queue } from './task/queue.js';
import type { QueueBroker, QueueLimits } from './task/task.broker.js';

export interface OpenQueue {
  readonly settings: RegisteredQueue;
  readonly broker: QueueBroker;
  readonly client: QueueClient;
  readonly events: EventSubscription;
}

/** One application's engine, the queues that are registered with it, and its caches. */
export class DepotRuntime {
  readonly caches: CacheRegistry;
  private readonly memory: ReturnType<typeof createMemoryCaches>;
  private readonly queues = new Map<string, OpenQueue>();
  private begin = (): void => undefined;
  private readonly opened = new Promise<void>((resolve) => (this.begin = resolve));

  constructor(
    readonly settings: DepotSettings,
    readonly engine: Engine,
    readonly logger: DepotLogger,
    private readonly fallbacks: FallbackEngines,
  ) {
    const { cache, clock } = engine;
    this.memory = createMemoryCaches(clock);
    this.caches = new CacheRegistry({
      engine: cache,
      memory: this.memory,
      elsewhere: (redis) => fallbacks.get(redis),
      clock,
      logger,
      settings: settings.cache,
    });
  }

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
    this.reportReplaced(broker, settings.limits);
    const { clock } = this.engine;
    const { codec } = this.settings;
    const listen = (): Promise<void> => this.engine.tasks.listen();
    // Providers may listen to a queue in their constructors, before there is a connection.
    const events = new EventSubscription(broker, clock, this.logger, () => this.opened.then(listen));
    const client = new QueueClient(
      { broker, listen, events, clock, codec, logger: this.logger },
      { ...this.settings, backpressure: settings.backpressure },
    );
    this.queues.set(settings.name, { settings, broker, client, events });
    return client;
  }

  /** Opens a cache; one that is registered twice must have the same options. @throws DepotConfigError */
  async registerCache(name: string, options: CacheOptions): Promise<CacheService> {
    await this.fallbacks.prepare(this.caches.settings(name, options).fallback);
    return this.caches.register(name, options);
  }

  /** @throws EngineUnavailableError when the engine can't be reached; nothing is left running then */
  async open(): Promise<void> {
    await this.orClose(async () => {
      this.checkRoutes();
      await this.engine.open();
    });
    this.fallbacks.open();
    this.begin();
  }

  /** Nothing waits any more, and the connections are closed: the last thing that happens. */
  async close(): Promise<void> {
    const open = [...this.queues.values()];
    this.caches.close();
    for (const { client } of open) client.close();
    await Promise.all(open.map(({ events }) => events.close()));
    await Promise.all([this.engine.close(), this.fallbacks.close()]);
    this.memory.close();
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

  private checkRoutes(): void {
    const unknown = this.settings.routes.queues.find((name) => !this.queues.has(name));
    if (unknown === undefined) return;
    throw new DepotConfigError(
      `routes names the queue '${unknown}', which is not registered; there are: ${this.queueNames.join(', ') || 'none'}`,
    );
  }

  /** Two versions of an application that disagree on a limit are worth a word: the newest to start has the say. */
  private reportReplaced(broker: QueueBroker, limits: QueueLimits | undefined): void {
    broker.onLimitsReplaced((before) => {
      this.logger.warn(
        `Queue '${broker.name}': its stored limits were ${before}; from now on they are ${JSON.stringify(limits ?? {})}, in all processes`,
      );
    });
  }

  queue(name: string): OpenQueue | undefined {
    return this.queues.get(name);
  }

  get queueNames(): readonly string[] {
    return [...this.queues.keys()];
  }
}
