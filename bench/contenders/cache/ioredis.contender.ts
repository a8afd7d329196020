import { Redis } from 'ioredis';
import { TTL_MS, type Cache, type CacheContender, type Item } from './cache.contender.js';

export const contender: CacheContender = { redis: async (url) => open(new Redis(url)) };

export const autoPipelined: CacheContender = {
  redis: async (url) => open(new Redis(url, { enableAutoPipelining: true })),
};

function open(redis: Redis): Cache {
  return {
    get: async (key) => {
      const text = await redis.get(key);
      return text === null ? undefined : (JSON.parse(text) as Item);
    },
    set: (key, item) => redis.set(key, JSON.stringify(item), 'PX', TTL_MS),
    close: () => redis.quit(),
  };
}
