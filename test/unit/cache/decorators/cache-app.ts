import { Global, Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CacheRegistry, type CacheSources } from '../../../../lib/cache/cache.registry.js';
import { CacheService } from '../../../../lib/cache/cache.service.js';
import { DEFAULT_CACHE } from '../../../../lib/cache/cache.settings.js';
import { CacheBinder } from '../../../../lib/cache/decorators/cache-binder.service.js';
import { silentLogger } from '../../../../lib/common/logger.js';
import { EmbeddedCacheEngine } from '../../../../lib/engines/embedded/embedded-cache.engine.js';
import { ManualClock } from '../../../support/manual-clock.js';

/** What caches on the embedded engine are made of; values are fresh for a minute. */
export const sourcesOn = (clock: ManualClock): CacheSources => ({
  engine: new EmbeddedCacheEngine(clock),
  memory: new EmbeddedCacheEngine(clock),
  clock,
  logger: silentLogger,
  settings: { ...DEFAULT_CACHE, policy: { ...DEFAULT_CACHE.policy, ttlMs: 60_000 } },
});

/** What of `DepotModule` decorators need. */
@Global()
@Module({})
export class FakeDepotModule {
  static over(clock: ManualClock, caches: readonly string[] = []): DynamicModule {
    const registry = {
      provide: CacheRegistry,
      useFactory: () => {
        const made = new CacheRegistry(sourcesOn(clock));
        for (const name of caches) made.register(name, {});
        return made;
      },
    };
    const cache = {
      provide: CacheService,
      inject: [CacheRegistry],
      useFactory: (made: CacheRegistry) => made.get(),
    };
    const providers = [registry, cache, CacheBinder];
    return { module: FakeDepotModule, providers, exports: providers };
  }
}

export interface CacheAppOptions {
  readonly clock?: ManualClock;
  /** Names of caches beside the default one. */
  readonly caches?: readonly string[];
  readonly controllers?: Type[];
}

/** An application with these providers, as it is once it has started. */
export async function createApp(
  providers: Provider[],
  { clock = new ManualClock(), caches = [], controllers = [] }: CacheAppOptions = {},
): Promise<TestingModule> {
  const imports = [FakeDepotModule.over(clock, caches)];
  const app = await Test.createTestingModule({ imports, providers, controllers }).compile();
  await app.init();
  app.get(CacheBinder).bind();
  return app;
}
