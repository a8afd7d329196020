import { EmbeddedFilterStore } from '../../lib/engines/embedded/embedded-filter.store.js';
import { RedisFilterStore } from '../../lib/engines/redis/redis-filter.store.js';
import { describeFilterStore } from './filter-store.contract.js';
import { RedisFixture } from './redis-fixture.js';

describeFilterStore('embedded', async () => {
  const store = new EmbeddedFilterStore();
  return { store, other: store, forget: async () => store.close(), close: async () => store.close() };
});

describeFilterStore('Redis', async () => {
  const fixture = new RedisFixture();
  const open = async (name: string): Promise<RedisFilterStore> => {
    const { link } = await fixture.process(name);
    return new RedisFilterStore(link, fixture.namespace);
  };
  return {
    store: await open('one'),
    other: await open('two'),
    forget: () => fixture.forget(),
    close: () => fixture.close(),
  };
});
