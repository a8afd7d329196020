import {
  ConfigurableModuleBuilder,
  Global,
  Logger,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
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
import { DepotRuntime } from './depot.runtime.js';
import type { DepotOptions, QueueOptions } from './depot.options.js';
import { checkName, depotSettings, type DepotSettings } from './depot.settings.js';
import { DepotWorkerModule } from './depot-worker.module.js';
import { createEngine, ENGINE_FACTORY, type EngineFactory } from './engines/engine.factory.js';
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
    const fallbacks = new FallbackEngines((redis) => create({ ...settings, redis }, logger), logger);
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
  ],
  exports: [DepotRuntime, CacheRegistry, CacheService, LockService, QueueService],
})
export class DepotModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly runtime: DepotRuntime,
    private readonly locks: LockService,
    private readonly cacheBinder: CacheBinder,
  ) {
    super();
  }

  /** Registers a queue: `@InjectQueue(name)` and `@Processor(name)` work everywhere in the application. */
  static registerQueue(options: QueueOptions): DynamicModule {
    return queueModule(options.name, { useFactory: () => options });
  }

  /** The same with options from other providers. The name must be known before; it is given beside the factory. */
  static registerQueueAsync(options: {
    readonly name: string;
    readonly imports?: ModuleMetadata['imports'];
    readonly inject?: FactoryProvider['inject'];
    readonly useFactory: FactoryProvider<Omit<QueueOptions, 'name'>>['useFactory'];
  }): DynamicModule {
    const { name, imports, inject, useFactory } = options;
    return queueModule(name, {
      ...(imports && { imports }),
      ...(inject && { inject }),
      useFactory: async (...args: unknown[]) => ({ ...(await useFactory(...args)), name }),
    });
  }

  /**
   * Registers a further cache, beside the default one: `@InjectCache(name)` and `cache: name` in the decorators. What its
   * options leave out is as in `forRoot`.
   */
  static registerCache(options: NamedCacheOptions): DynamicModule {
    return cacheModule(options.name, { useFactory: () => options });
  }

  /** The same with options from other providers. The name must be known before; it is given beside the factory. */
  static registerCacheAsync(options: {
    readonly name: string;
    readonly imports?: ModuleMetadata['imports'];
    readonly inject?: FactoryProvider['inject'];
    readonly useFactory: FactoryProvider<Omit<NamedCacheOptions, 'name'>>['useFactory'];
  }): DynamicModule {
    const { name, imports, inject, useFactory } = options;
    return cacheModule(name, {
      ...(imports && { imports }),
      ...(inject && { inject }),
      useFactory: async (...args: unknown[]) => ({ ...(await useFactory(...args)), name }),
    });
  }

  async onModuleInit(): Promise<void> {
    this.cacheBinder.bind();
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

function queueModule(
  name: string,
  source: Pick<FactoryProvider<QueueOptions>, 'useFactory' | 'inject'> & Pick<ModuleMetadata, 'imports'>,
): DynamicModule {
  const token = getQueueToken(name);
  const optionsToken = `${token}:options`;
  return {
    module: DepotQueueModule,
    global: true,
    imports: source.imports ?? [],
    providers: [
      { provide: optionsToken, useFactory: source.useFactory, inject: source.inject ?? [] },
      {
        provide: token,
        inject: [DepotRuntime, optionsToken],
        useFactory: (runtime: DepotRuntime, options: QueueOptions) => runtime.register(options),
      },
    ],
    exports: [token],
  };
}

@Module({})
class DepotCacheModule {}

function cacheModule(
  name: string,
  source: Pick<FactoryProvider<NamedCacheOptions>, 'useFactory' | 'inject'> & Pick<ModuleMetadata, 'imports'>,
): DynamicModule {
  const token = getCacheToken(checkName(name, 'DepotModule.registerCache: name'));
  const optionsToken = `depot:cache:${name}:options`;
  return {
    module: DepotCacheModule,
    global: true,
    imports: source.imports ?? [],
    providers: [
      { provide: optionsToken, useFactory: source.useFactory, inject: source.inject ?? [] },
      {
        provide: token,
        inject: [DepotRuntime, optionsToken],
        useFactory: (runtime: DepotRuntime, { name: _, ...options }: NamedCacheOptions) =>
          runtime.registerCache(name, options),
      },
    ],
    exports: [token],
  };
}

function loggerOf({ logger }: DepotSettings): DepotLogger {
  if (logger === undefined) return new Logger('Depot');
  return logger === false ? silentLogger : guardedLogger(logger);
}
