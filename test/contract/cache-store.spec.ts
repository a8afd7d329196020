import { EmbeddedCacheStore } from '../../lib/engines/embedded/embedded-cache.store.js';
import { RedisCacheStore } from '../../lib/engines/redis/redis-cache.store.js';
import { ManualClock } from '../support/manual-clock.js';
import { describeCacheStore } from './cache-store.contract.js';
import { RedisFixture } from './redis-fixture.js';

describeCacheStore('embedded', async () => {
  const clock = new ManualClock();
  const store = new EmbeddedCacheStore(clock);
  return { store, other: store, advance: (ms) => clock.advance(ms), close: async () => store.close() };
});

describeCacheStore('Redis', async () => {
  const fixture = new RedisFixture();
  const open = async (name: string): Promise<RedisCacheStore> =>
    new RedisCacheStore((await fixture.process(name)).link, fixture.keys);
  return {
    store: await open('one'),
    other: await open('two'),
    advance: (ms) => fixture.advance(ms),
    close: () => fixture.close(),
  };
});
