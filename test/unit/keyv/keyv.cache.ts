import { CacheRegistry } from '../../../lib/cache/cache.registry.js';
import type { CacheOptions } from '../../../lib/cache/cache.options.js';
import type { CacheService } from '../../../lib/cache/cache.service.js';
import { cacheSettings, DEFAULT_CACHE } from '../../../lib/cache/cache.settings.js';
import type { CacheEngine, CacheStore } from '../../../lib/cache/cache.store.js';
import type { Clock } from '../../../lib/common/clock.js';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { EmbeddedCacheEngine } from '../../../lib/engines/embedded/embedded-cache.engine.js';

/** A cache in memory, with that clock. */
export function cacheWith(clock: Clock, options: CacheOptions = {}, engine?: CacheEngine): CacheService {
  const memory = new EmbeddedCacheEngine(clock);
  const settings = cacheSettings(options, DEFAULT_CACHE, 'cache');
  return new CacheRegistry({
    ...{ engine: engine ?? memory, memory, clock, logger: silentLogger, settings },
  }).get();
}

const gone = async (): Promise<never> => {
  throw new EngineUnavailableError('gone');
};

const ASKS = [
  ...['read', 'readMany', 'write', 'delete', 'expire', 'increment', 'claim'],
  ...['deleteMatching', 'invalidate', 'invalidateTags'],
];

/** An engine that does not answer. */
export function awayEngine(clock: Clock): CacheEngine {
  const engine = new EmbeddedCacheEngine(clock);
  const away = (store: CacheStore): CacheStore =>
    new Proxy(store, {
      get(target, name) {
        if (ASKS.includes(String(name))) return gone;
        if (name === 'namespace') return (segment: string) => away(target.namespace(segment));
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  return { filters: engine.filters, open: (name, memory) => away(engine.open(name, memory)) };
}
