import { FallbackStore } from '../../lib/cache/cache.fallback.js';
import type { CacheEngine } from '../../lib/cache/cache.store.js';
import { EmbeddedCacheEngine } from '../../lib/engines/embedded/embedded-cache.engine.js';
import { ManualClock } from '../support/manual-clock.js';
import { describeCacheStore } from './cache-store.contract.js';
import type { CacheBench } from './cache-store.scene.js';

/** A cache that has another one to fall back on is a cache like any other. */
async function openChain(): Promise<CacheBench> {
  const clock = new ManualClock();
  const [main, standIn] = [new EmbeddedCacheEngine(clock), new EmbeddedCacheEngine(clock)];
  const engine: CacheEngine = {
    filters: main.filters,
    open: (name, memory) => new FallbackStore(main.open(name, memory), standIn.open(name, memory)),
  };
  return {
    kind: 'embedded',
    engine,
    otherEngine: engine,
    memory: undefined,
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    close: async () => {
      main.close();
      standIn.close();
    },
  };
}

describeCacheStore('embedded', openChain, 'with a fallback');
