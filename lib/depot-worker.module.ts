import { Injectable, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DepotConfigError } from './common/errors.js';
import { DepotRuntime } from './depot.runtime.js';
import { checkConcurrency, type DepotSettings } from './depot.settings.js';
import {
  exploreProcessors,
  handlersByQueue,
  type FoundHandler,
} from './task/discovery/processor.explorer.js';
import { Consumer } from './task/runtime/consumer.js';
import { Executor } from './task/runtime/executor.js';
import { Worker } from './task/runtime/worker.js';

/** Old ended tasks are cleared away that often; ages of retention are exact to this. */
const TIDY_MS = 600_000;

/**
 * Starts the worker once everything else has started, and drains it before anything else is destroyed: a handler may
 * use any provider of the application until its very end.
 */
@Injectable()
export class WorkerLifecycle implements OnApplicationBootstrap, OnModuleDestroy {
  private worker: Worker | undefined;

  constructor(
    private readonly runtime: DepotRuntime,
    private readonly modules: ModulesContainer,
  ) {
    // Nest destroys the root module's providers first and has no order that a user could not break by his imports. A
    // module's distance from the root decides; what has the least boots last and is destroyed first. It has to be set
    // before the first hook runs.
    for (const module of modules.values()) {
      if (module.metatype === DepotWorkerModule) module.distance = -1;
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.runtime.orClose(() => this.start());
  }

  async onModuleDestroy(): Promise<void> {
    await this.worker?.stop();
  }

  private async start(): Promise<void> {
    const { runtime } = this;
    const found = handlersByQueue(
      exploreProcessors(this.modules, (queue) => runtime.queue(queue)?.settings.policy),
    );
    const consumers: Consumer[] = [];
    for (const name of queuesToConsume(runtime.settings.workers, runtime.queueNames)) {
      const handlers = found.get(name);
      if (handlers) consumers.push(this.consumer(name, handlers));
    }
    this.worker = new Worker(consumers, () => runtime.engine.tasks.listen(), runtime.engine.clock, {
      leaseMs: runtime.settings.leaseMs,
      sweepMs: sweepMs(consumers.length),
      tidyMs: TIDY_MS,
      shutdownTimeoutMs: runtime.settings.shutdownTimeoutMs,
    });
    await this.worker.start();
    if (consumers.length > 0) {
      const queues = consumers.map(({ queue }) => queue).join(', ');
      runtime.logger.log(`Working on ${queues} (${runtime.engine.kind} engine)`);
    }
  }

  private consumer(name: string, handlers: readonly FoundHandler[]): Consumer {
    const { engine, settings, logger } = this.runtime;
    const queue = this.runtime.queue(name);
    if (!queue) throw new DepotConfigError(`queue '${name}' is not registered`);
    const executor = new Executor(
      handlers.flatMap(({ names, handler }) => names.map((alias) => [alias, handler] as const)),
      engine.clock,
      logger,
      { queue: name, maxPayloadBytes: settings.maxPayloadBytes },
    );
    const asked = handlers.find(({ concurrency }) => concurrency !== undefined);
    const slots = checkConcurrency(
      asked?.concurrency ?? settings.concurrency,
      `concurrency of ${asked?.title ?? name}`,
    );
    return new Consumer(queue.broker, executor, slots, engine.clock, logger);
  }
}

@Module({ providers: [WorkerLifecycle] })
export class DepotWorkerModule {}

function queuesToConsume(workers: DepotSettings['workers'], known: readonly string[]): readonly string[] {
  if (workers === 'all') return known;
  if (workers === 'none') return [];
  const unknown = workers.find((name) => !known.includes(name));
  if (unknown === undefined) return workers;
  throw new DepotConfigError(
    `workers names the queue '${unknown}', which is not registered; there are: ${known.join(', ') || 'none'}`,
  );
}

/**
 * How often an idle process looks whether a wake-up was lost (docs/protocol.md, A2). One look costs Redis about 8 commands a
 * queue, and an idle process may cost it one a second.
 */
function sweepMs(queues: number): number {
  return Math.min(Math.max(12_000, 10_000 * queues), 120_000);
}
