import { LRUCache } from 'lru-cache';
import { TTL_MS, type Cache, type CacheContender, type Item } from './cache.contender.js';

export const contender: CacheContender = {
  copies: async () => open<string>(JSON.stringify, (text) => JSON.parse(text) as Item),
  'one object': async () =>
    open<Item>(
      (item) => item,
      (item) => item,
    ),
};

function open<T extends object | string>(pack: (item: Item) => T, unpack: (kept: T) => Item): Cache {
  const cache = new LRUCache<string, T>({ max: 10_000, ttl: TTL_MS });
  return {
    get: async (key) => {
      const kept = cache.get(key);
      return kept === undefined ? undefined : unpack(kept);
    },
    set: async (key, item) => cache.set(key, pack(item)),
    close: async () => cache.clear(),
  };
}
