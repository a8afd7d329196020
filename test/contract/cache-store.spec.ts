import { EmbeddedCacheEngine } from '../../lib/engines/embedded/embedded-cache.engine.js';
import { ManualClock } from '../support/manual-clock.js';
import { describeCacheStore } from './cache-store.contract.js';
import type { CacheBench } from './cache-store.scene.js';

async function openEmbedded(): Promise<CacheBench> {
  const clock = new ManualClock();
  const engine = new EmbeddedCacheEngine(clock);
  return {
    kind: 'embedded',
    engine,
    otherEngine: engine,
    memory: undefined,
    now: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    close: async () => engine.close(),
  };
}

describeCacheStore('embedded', openEmbedded);
