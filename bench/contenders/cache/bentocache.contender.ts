import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';
import { TTL_MS, type Cache, type CacheContender, type Item } from './cache.contender.js';

export const contender: CacheContender = {
  copies: async () => open(bentostore().useL1Layer(memoryDriver())),
  'one object': async () => open(bentostore().useL1Layer(memoryDriver({ serialize: false }))),
  redis: async (url) => {
    const connection = new Redis(url, { enableAutoPipelining: true });
    return open(bentostore().useL2Layer(redisDriver({ connection })));
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
