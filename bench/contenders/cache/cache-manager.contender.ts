import { createKeyv } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import {
  getOrSetMany,
  PATIENCE_MS,
  TTL_MS,
  type CacheContender,
  type Item,
  type Place,
} from './cache.contender.js';

export const contender: CacheContender = async (place, url) => {
  const cache = createCache({
    stores: storesOf(place, url),
    ttl: TTL_MS,
    ...(place.impatient ? { nonBlocking: true } : {}),
  });
  return {
    get: (key) => cache.get<Item>(key),
    set: (key, item) => cache.set(key, item),
    delete: (key) => cache.del(key),
    getOrSet: (key, factory) => cache.wrap(key, factory),
    getOrSetMany: (keys, factory) =>
      getOrSetMany(
        keys,
        factory,
        (all) => cache.mget<Item>(all),
        (made) => cache.mset(made.map(([key, value]) => ({ key, value }))),
      ),
    close: () => cache.disconnect(),
  };
};

function storesOf({ where, values, impatient }: Place, url: string): Keyv[] {
  const memory = new Keyv();
  if (values === 'one object') {
    // As cache-manager's own store is, when it is given none.
    memory.serialize = undefined;
    memory.deserialize = undefined;
  }
  if (where === 'memory') return [memory];
  const redis = createKeyv(
    impatient ? { url, disableOfflineQueue: true, commandOptions: { timeout: PATIENCE_MS } } : url,
  );
  // It is taken away on purpose.
  redis.on('error', () => undefined);
  return where === 'redis' ? [redis] : [memory, redis];
}
