import { Injectable, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DepotConfigError } from './common/errors.js';
import { DepotRuntime, type OpenQueue } from './depot.runtime.js';
import { checkConcurrency, type DepotSettings } from './depot.settings.js';
import { orderedQueues } from './depot.slots.js';
import { underLock } from './depot.task-locks.js';
import { LockService } from './lock/lock.service.js';
import {
  eventHandlersByQueue,
  exploreProcessors,
  handlersByQueue,
  type FoundEventHandler,
  type FoundHandler,
} from './task/discovery/processor.explorer.js';
import { eventQueue, type EventRecord } from './task/event.record.js';
import { Consumer } from './task/runtime/consumer.js';
import { EventHandlers } from './task/runtime/event.handlers.js';
import { Executor } from './task/runtime/executor.js';
import type { Coding } from './task/runtime/running-task.js';
import { SlotPool } from './task/runtime/slot.pool.js';
import { Worker } from './task/runtime/worker.js';
import type { Retention } from './task/task.broker.js';
import { readTaskEvent, type TaskEvent } from './task/task.event.js';
import type { FinalState } from './task/task.state.js';

/** How often an idle process looks whether a wake-up was lost (docs/protocol.md, A2). */
const SWEEP_MS = 12_000;

/** Part of its lease after which that of an idle consumer is extended; one call may fail. */
const REST = 0.4;

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
    private readonly locks: LockService,
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
    const found = exploreProcessors(this.modules, (queue) => runtime.queue(queue)?.settings.policy);
    const [tasks, events] = [handlersByQueue(found.tasks), eventHandlersByQueue(found.events)];
    const working: string[] = [];
    const pool = this.pool();
    const consumers: Consumer[] = [];
    for (const name of queuesToConsume(runtime.settings.workers, runtime.queueNames)) {
      const queue = runtime.queue(name);
      const [handlers, eventHandlers] = [tasks.get(name), events.get(name)];
      if (!queue || !(handlers ?? eventHandlers)) continue;
      working.push(name);
      if (handlers) consumers.push(this.taskConsumer(queue, handlers, pool));
      if (eventHandlers) consumers.push(this.eventConsumer(queue, eventHandlers));
    }
    const { engine, settings } = runtime;
    this.worker = new Worker(consumers, engine.tasks, () => this.listen(events), engine.clock, {
      leaseMs: settings.leaseMs,
      sweepMs: SWEEP_MS,
      restMs: settings.idleLeaseMs * REST,
      tidyMs: TIDY_MS,
      shutdownTimeoutMs: settings.shutdownTimeoutMs,
    });
    await this.worker.start();
    if (working.length > 0) {
      runtime.logger.log(`Working on ${working.join(', ')} (${runtime.engine.kind} engine)`);
    }
  }

  /** Slots that all queues share, when they do. */
  private pool(): SlotPool | undefined {
    const { settings, queueNames } = this.runtime;
    if (!settings.sharedSlots) return undefined;
    const { slots, order } = settings.sharedSlots;
    const unknown = orderedQueues(order).find((name) => !queueNames.includes(name));
    if (unknown === undefined) return new SlotPool(slots, order);
    throw new DepotConfigError(
      `queueOrder names the queue '${unknown}', which is not registered; there are: ${queueNames.join(', ') || 'none'}`,
    );
  }

  private taskConsumer(
    queue: OpenQueue,
    handlers: readonly FoundHandler[],
    pool: SlotPool | undefined,
  ): Consumer {
    const { engine, settings, logger } = this.runtime;
    const executor = new Executor(
      handlers.flatMap((found) => {
        const handler = underLock(found, this.locks);
        return found.names.map((alias) => [alias, handler] as const);
      }),
      logger,
      {
        queue: queue.broker.name,
        clock: engine.clock,
        codec: settings.codec,
        maxPayloadBytes: settings.maxPayloadBytes,
      },
    );
    const asked = handlers.find(({ concurrency }) => concurrency !== undefined);
    const slots = checkConcurrency(
      asked?.concurrency ?? settings.concurrency,
      `concurrency of ${asked?.title ?? queue.broker.name}`,
    );
    return new Consumer(queue.broker, executor, slots, engine.clock, logger, pool);
  }

  /** What is stored of a queue's events is a queue, too. */
  private eventConsumer(queue: OpenQueue, handlers: readonly FoundEventHandler[]): Consumer {
    const { engine, settings, logger } = this.runtime;
    const { name } = queue.broker;
    const broker = engine.tasks.queue({
      ...queue.settings,
      name: eventQueue(name),
      keep: EVENT_KEEP,
      limits: undefined,
    });
    const read = (record: EventRecord): TaskEvent => readTaskEvent(name, record, settings.codec);
    const executor = new Executor(new EventHandlers(broker, read, logger).of(handlers), logger, {
      queue: broker.name,
      clock: engine.clock,
      codec: eventCoding(settings.codec),
      maxPayloadBytes: settings.maxPayloadBytes,
    });
    return new Consumer(broker, executor, settings.concurrency, engine.clock, logger);
  }

  /** Nothing is worked on before its events are stored. */
  private async listen(events: ReadonlyMap<string, readonly FoundEventHandler[]>): Promise<void> {
    const { runtime } = this;
    await runtime.engine.tasks.listen();
    const consumed = queuesToConsume(runtime.settings.workers, runtime.queueNames);
    await Promise.all(
      consumed.map(async (name) => {
        const names = events.get(name)?.map(({ event }) => event);
        if (names) await runtime.queue(name)?.events.store([...new Set(names)]);
      }),
    );
  }
}

/** Events are many, and done with once they are handled; of those that can't be, a few are kept to be looked at. */
const NONE: Retention = { count: 0, ageMs: 0, bytes: undefined };
const EVENT_KEEP: Readonly<Record<FinalState, Retention>> = {
  completed: NONE,
  dead: { count: 100, ageMs: 30 * 86_400_000, bytes: undefined },
  cancelled: NONE,
  expired: NONE,
};

/** The payload of a stored event was written by the engine; what is in it is read with it. */
const eventCoding = (codec: Coding): Coding => ({
  encode: (value, what, maxBytes) => codec.encode(value, what, maxBytes),
  decode: (text) => text,
});

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
