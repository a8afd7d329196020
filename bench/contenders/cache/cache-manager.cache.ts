import { createKeyv } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { TTL_MS, type Cache, type CacheContender } from './cache.contender.js';

export const cacheManager: CacheContender = {
  name: 'cache-manager',
  settings: 'one store: in process a Keyv (copies) or none given (one object for all), on Redis @keyv/redis',
  tiers: {
    memory: async () => open([new Keyv()]),
    shared: async () => open([]),
    redis: async (url) => open([createKeyv(url)]),
  },
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
