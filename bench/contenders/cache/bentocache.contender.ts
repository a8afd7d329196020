import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';
import {
  getOrSetMany,
  PATIENCE_MS,
  TTL_MS,
  type CacheContender,
  type Item,
  type Place,
} from './cache.contender.js';

export const contender: CacheContender = async (place, url) => {
  const store = storeOf(place, url);
  const bento = new BentoCache({
    default: 'one',
    stores: { one: store },
    ttl: TTL_MS,
    ...(place.impatient ? { l2CircuitBreakerDuration: '1s' } : {}),
  });
  const get = (key: string): Promise<Item | undefined> => bento.get<Item | undefined>({ key });
  const set = (key: string, value: Item): Promise<unknown> => bento.set({ key, value });
  return {
    get,
    set,
    delete: (key) => bento.delete({ key }),
    getOrSet: (key, factory) => bento.getOrSet({ key, factory }),
    getOrSetMany: (keys, factory) =>
      getOrSetMany(
        keys,
        factory,
        (all) => Promise.all(all.map(get)),
        (made) => Promise.all(made.map(([key, item]) => set(key, item))),
      ),
    close: () => bento.disconnectAll(),
  };
};

function storeOf({ where, values, impatient }: Place, url: string): ReturnType<typeof bentostore> {
  const memory = memoryDriver(values === 'one object' ? { serialize: false } : {});
  if (where === 'memory') return bentostore().useL1Layer(memory);
  const redis = redisDriver({
    connection: connect(url, impatient ? { commandTimeout: PATIENCE_MS, enableOfflineQueue: false } : {}),
  });
  if (where === 'redis') return bentostore().useL2Layer(redis);
  const bus = redisBusDriver({ connection: connect(url, {}) });
  return bentostore().useL1Layer(memory).useL2Layer(redis).useBus(bus);
}

function connect(url: string, options: { commandTimeout?: number; enableOfflineQueue?: boolean }): Redis {
  const redis = new Redis(url, { enableAutoPipelining: true, ...options });
  // It is taken away on purpose.
  redis.on('error', () => undefined);
  return redis;
}
