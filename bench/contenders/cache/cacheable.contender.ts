import { createKeyv as createKeyvRedis } from '@keyv/redis';
import { Cacheable, createKeyv } from 'cacheable';
import type { Keyv } from 'keyv';
import { TTL_MS, type Cache, type CacheContender } from './cache.contender.js';

export const contender: CacheContender = {
  copies: async () => open(createKeyv()),
  'one object': async () => open(createKeyv({ useClone: false })),
  redis: async (url) => open(createKeyvRedis(url)),
};

function open(primary: Keyv): Cache {
  const cache = new Cacheable({ primary, ttl: TTL_MS });
  return {
    get: (key) => cache.get(key),
    set: (key, item) => cache.set(key, item),
    getOrSet: async (key, factory) => {
      const item = await cache.getOrSet(key, factory);
      if (!item) throw new Error(`cacheable has nothing for ${key}`);
      return item;
    },
    close: () => cache.disconnect(),
  };
}
