import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';
import { TTL_MS, type Cache, type CacheContender, type Item } from './cache.contender.js';

export const bentocache: CacheContender = {
  name: 'bentocache',
  settings:
    'one store, with one layer; in process `serialize` as it comes (copies) or false (one object for all)',
  tiers: {
    memory: async () => open(bentostore().useL1Layer(memoryDriver())),
    shared: async () => open(bentostore().useL1Layer(memoryDriver({ serialize: false }))),
    redis: async (url) => {
      const connection = new Redis(url);
      return open(bentostore().useL2Layer(redisDriver({ connection })));
    },
  },
};

function open(store: ReturnType<typeof bentostore>): Cache {
  const bento = new BentoCache({ default: 'one', stores: { one: store }, ttl: TTL_MS });
  return {
    get: (key) => bento.get<Item>({ key }),
    set: (key, value) => bento.set({ key, value }),
    getOrSet: (key, factory) => bento.getOrSet({ key, factory }),
    close: () => bento.disconnectAll(),
  };
}
