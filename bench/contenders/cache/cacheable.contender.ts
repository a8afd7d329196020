import { createKeyv as createKeyvRedis } from '@keyv/redis';
import { Cacheable, createKeyv } from 'cacheable';
import { PubSub } from './cacheable.sync.js';
import {
  getOrSetMany,
  PATIENCE_MS,
  TTL_MS,
  type CacheContender,
  type Item,
  type Place,
} from './cache.contender.js';

const IMPATIENT = { enableOfflineQueue: false, commandTimeout: PATIENCE_MS };

export const contender: CacheContender = async (place, url) => {
  const pubSub =
    place.where === 'tiers' ? await PubSub.connect(url, place.impatient ? IMPATIENT : {}) : undefined;
  const cache = new Cacheable({
    ...storesOf(place, url),
    ttl: TTL_MS,
    ...(place.impatient ? { nonBlocking: true } : {}),
    ...(pubSub ? { sync: { qified: pubSub } } : {}),
  });
  // It is taken away on purpose.
  cache.on('error', () => undefined);
  return {
    get: (key) => cache.get<Item>(key),
    set: (key, item) => cache.set(key, item),
    delete: (key) => cache.delete(key),
    getOrSet: async (key, factory) => {
      const item = await cache.getOrSet(key, factory);
      if (!item) throw new Error(`cacheable has nothing for ${key}`);
      return item;
    },
    getOrSetMany: (keys, factory) =>
      getOrSetMany(
        keys,
        factory,
        (all) => cache.getMany<Item>(all),
        (made) => cache.setMany(made.map(([key, value]) => ({ key, value }))),
      ),
    close: () => cache.disconnect(),
  };
};

function storesOf({ where, values, impatient }: Place, url: string) {
  const memory = createKeyv(values === 'one object' ? { useClone: false } : {});
  if (where === 'memory') return { primary: memory };
  const redis = createKeyvRedis(
    impatient ? { url, disableOfflineQueue: true, commandOptions: { timeout: PATIENCE_MS } } : url,
  );
  return where === 'redis' ? { primary: redis } : { primary: memory, secondary: redis };
}
