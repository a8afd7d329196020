import {
  ConfigurableModuleBuilder,
  Global,
  Logger,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { CacheBinder } from './cache/decorators/cache-binder.service.js';
import { CacheRegistry } from './cache/cache.registry.js';
import type { NamedCacheOptions } from './cache/cache.options.js';
import { getCacheToken } from './cache/decorators/inject-cache.decorator.js';
import { CacheService } from './cache/cache.service.js';
import { guardedLogger, silentLogger, type DepotLogger } from './common/logger.js';
import { FallbackEngines } from './depot.fallbacks.js';
import {
  fromProviders,
  registration,
  type NamedAsyncOptions,
  type OptionsSource,
} from './depot-registered.module.js';
import { DepotRuntime } from './depot.runtime.js';
import type { DepotOptions, QueueOptions } from './depot.options.js';
import { checkName, depotSettings, type DepotSettings } from './depot.settings.js';
import { DepotWorkerModule } from './depot-worker.module.js';
import { createEngine, ENGINE_FACTORY, type EngineFactory } from './engines/engine.factory.js';
import { LockBinder } from './lock/decorators/lock-binder.service.js';
import { LockService } from './lock/lock.service.js';
import { getQueueToken } from './task/decorators/inject-queue.decorator.js';
import { QueueService } from './task/queue.service.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<DepotOptions>({
  moduleName: 'Depot',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createDepotOptions')
  .build();

/** What `forRootAsync({ useClass })` and `useExisting` take. */
export interface DepotOptionsFactory {
  createDepotOptions(): DepotOptions | Promise<DepotOptions>;
}

const runtimeProvider: FactoryProvider<DepotRuntime> = {
  provide: DepotRuntime,
  inject: [MODULE_OPTIONS_TOKEN, ENGINE_FACTORY],
  useFactory: async (options: DepotOptions, create: EngineFactory) => {
    const settings = depotSettings(options);
    const logger = loggerOf(settings);
    const fallbacks = new FallbackEngines(
      (redis) => create({ ...settings, redis, lockQuorum: undefined }, logger),
      logger,
    );
    await fallbacks.prepare(settings.cache.fallback);
    return new DepotRuntime(settings, await create(settings, logger), logger, fallbacks);
  },
};

/**
 * Tasks, cache and locks for a Nest application. Import it once with `forRoot` or `forRootAsync`; it is global.
 *
 * @example
 * imports: [
 *   DepotModule.forRoot({ redis: process.env.REDIS_URL, namespace: 'shop' }),
 *   DepotModule.registerQueue({ name: 'email' }),
 * ]
 */
@Global()
@Module({
  imports: [DepotWorkerModule],
  providers: [
    { provide: ENGINE_FACTORY, useValue: createEngine },
    runtimeProvider,
    {
      provide: CacheRegistry,
      inject: [DepotRuntime],
      useFactory: ({ caches }: DepotRuntime) => caches,
    },
    {
      provide: CacheService,
      inject: [DepotRuntime],
      useFactory: ({ caches }: DepotRuntime) => caches.get(),
    },
    {
      provide: LockService,
      inject: [DepotRuntime],
      useFactory: ({ engine, settings, logger }: DepotRuntime) =>
        new LockService(engine.locks, { ttlMs: settings.lockTtlMs }, engine.clock, logger),
    },
    {
      provide: QueueService,
      inject: [DepotRuntime],
      useFactory: (runtime: DepotRuntime) => new QueueService(runtime, runtime.settings.routes),
    },
    CacheBinder,
    LockBinder,
  ],
  exports: [DepotRuntime, CacheRegistry, CacheService, LockService, QueueService],
})
export class DepotModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly runtime: DepotRuntime,
    private readonly locks: LockService,
    private readonly cacheBinder: CacheBinder,
    private readonly lockBinder: LockBinder,
  ) {
    super();
  }

  /** Registers a queue: `@InjectQueue(name)` and `@Processor(name)` work everywhere in the application. */
  static registerQueue(options: QueueOptions): DynamicModule {
    return queueModule(options.name, { useFactory: () => options });
  }

  /** The same with options from other providers. The name must be known before; it is given beside the factory. */
  static registerQueueAsync(options: NamedAsyncOptions<QueueOptions>): DynamicModule {
    return queueModule(options.name, fromProviders(options));
  }

  /**
   * Registers a further cache, beside the default one: `@InjectCache(name)` and `cache: name` in the decorators. What its
   * options leave out is as in `forRoot`.
   */
  static registerCache(options: NamedCacheOptions): DynamicModule {
    return cacheModule(options.name, { useFactory: () => options });
  }

  /** The same with options from other providers. The name must be known before; it is given beside the factory. */
  static registerCacheAsync(options: NamedAsyncOptions<NamedCacheOptions>): DynamicModule {
    return cacheModule(options.name, fromProviders(options));
  }

  async onModuleInit(): Promise<void> {
    this.cacheBinder.bind();
    this.lockBinder.bind();
    await this.runtime.open();
  }

  /** Connections close last of all: until then every provider may still add tasks and read the cache. */
  async onApplicationShutdown(): Promise<void> {
    await this.locks.stop();
    await this.runtime.close();
  }
}

@Module({})
class DepotQueueModule {}

function queueModule(name: string, source: OptionsSource<QueueOptions>): DynamicModule {
  const token = getQueueToken(name);
  return registration(DepotQueueModule, token, `${token}:options`, source, (runtime, options) =>
    runtime.register(options),
  );
}

@Module({})
class DepotCacheModule {}

function cacheModule(name: string, source: OptionsSource<NamedCacheOptions>): DynamicModule {
  const token = getCacheToken(checkName(name, 'DepotModule.registerCache: name'));
  return registration(
    DepotCacheModule,
    token,
    `depot:cache:${name}:options`,
    source,
    (runtime, { name: _, ...options }) => runtime.registerCache(name, options),
  );
}

function loggerOf({ logger }: DepotSettings): DepotLogger {
  if (logger === undefined) return new Logger('Depot');
  return logger === false ? silentLogger : guardedLogger(logger);
}
