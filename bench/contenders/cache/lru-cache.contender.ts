import { LRUCache } from 'lru-cache';
import { TTL_MS, type Cache, type CacheContender, type Item } from './cache.contender.js';

export const contender: CacheContender = async ({ values }) =>
  values === 'one object'
    ? open<Item>(
        (item) => item,
        (item) => item,
      )
    : open<string>(JSON.stringify, (text) => JSON.parse(text) as Item);

function open<T extends object | string>(pack: (item: Item) => T, unpack: (kept: T) => Item): Cache {
  const cache = new LRUCache<string, T>({ max: 10_000, ttl: TTL_MS });
  const peek = (key: string): Item | undefined => {
    const kept = cache.get(key);
    return kept === undefined ? undefined : unpack(kept);
  };
  return {
    peek,
    get: async (key) => peek(key),
    set: async (key, item) => cache.set(key, pack(item)),
    delete: async (key) => cache.delete(key),
    close: async () => cache.clear(),
  };
}
