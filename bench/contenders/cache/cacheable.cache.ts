import { createKeyv } from '@keyv/redis';
import { Cacheable } from 'cacheable';
import { TTL_MS, type Cache, type CacheContender } from './cache.contender.js';

export const cacheable: CacheContender = {
  name: 'cacheable',
  settings:
    'one tier: in process the store it comes with (copies), on Redis @keyv/redis as the primary store',
  tiers: {
    memory: async () => open(new Cacheable({ ttl: TTL_MS })),
    redis: async (url) => open(new Cacheable({ primary: createKeyv(url), ttl: TTL_MS })),
  },
};

function open(cache: Cacheable): Cache {
  return {
    get: (key) => cache.get(key),
    set: (key, item) => cache.set(key, item),
    getOrSet: (key, factory) => cache.getOrSet(key, factory) as ReturnType<typeof factory>,
    close: () => cache.disconnect(),
  };
}
