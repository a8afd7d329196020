import { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { TTL_MS, type Cache, type CacheContender, type Item } from './cache.contender.js';

/** The least that can be done; no keys are checked, no values told from none, nothing is counted or healed. */
export const ioredis: CacheContender = {
  name: 'ioredis',
  settings:
    'floor: GET and SET PX with JSON on one connection; in process lru-cache with a ttl, JSON text or the object',
  tiers: {
    memory: async () => lru<string>(JSON.stringify, (text) => JSON.parse(text) as Item),
    shared: async () =>
      lru<Item>(
        (value) => value,
        (value) => value,
      ),
    redis: async (url) => open(new Redis(url)),
  },
};

export const autoPipelined: CacheContender = {
  name: 'ioredis auto-pipelined',
  settings: 'floor: the same with enableAutoPipelining: commands of a tick travel together',
  tiers: { redis: async (url) => open(new Redis(url, { enableAutoPipelining: true })) },
};

function lru<T extends object | string>(pack: (item: Item) => T, unpack: (kept: T) => Item): Cache {
  const cache = new LRUCache<string, T>({ max: 10_000, ttl: TTL_MS });
  return {
    get: async (key) => {
      const kept = cache.get(key);
      return kept === undefined ? undefined : unpack(kept);
    },
    set: async (key, value) => cache.set(key, pack(value)),
    close: async () => cache.clear(),
  };
}

function open(redis: Redis): Cache {
  return {
    get: async (key) => {
      const text = await redis.get(key);
      return text === null ? undefined : (JSON.parse(text) as Item);
    },
    set: (key, value) => redis.set(key, JSON.stringify(value), 'PX', TTL_MS),
    close: () => redis.quit(),
  };
}
