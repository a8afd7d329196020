import { createKeyv } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { TTL_MS, type Cache, type CacheContender } from './cache.contender.js';

export const contender: CacheContender = {
  copies: async () => open([new Keyv()]),
  'one object': async () => open([]),
  redis: async (url) => open([createKeyv(url)]),
};

function open(stores: Keyv[]): Cache {
  const cache = createCache({ stores, ttl: TTL_MS });
  return {
    get: (key) => cache.get(key),
    set: (key, item) => cache.set(key, item),
    getOrSet: (key, factory) => cache.wrap(key, factory),
    close: () => cache.disconnect(),
  };
}
