import { Redis } from 'ioredis';
import { getOrSetMany, TTL_MS, type Cache, type CacheContender, type Item } from './cache.contender.js';

export const contender: CacheContender = async (_, url) => open(new Redis(url));

export const autoPipelined: CacheContender = async (_, url) =>
  open(new Redis(url, { enableAutoPipelining: true }));

function open(redis: Redis): Cache {
  return {
    get: async (key) => itemOf(await redis.get(key)),
    set: (key, item) => redis.set(key, JSON.stringify(item), 'PX', TTL_MS),
    delete: (key) => redis.del(key),
    getOrSetMany: (keys, factory) =>
      getOrSetMany(
        keys,
        factory,
        async (all) => (await redis.mget(all)).map(itemOf),
        (made) => {
          const sets = redis.pipeline();
          for (const [key, item] of made) sets.set(key, JSON.stringify(item), 'PX', TTL_MS);
          return sets.exec();
        },
      ),
    close: () => redis.quit(),
  };
}

const itemOf = (text: string | null): Item | undefined =>
  text === null ? undefined : (JSON.parse(text) as Item);
