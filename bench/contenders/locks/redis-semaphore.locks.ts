import { Redis } from 'ioredis';
import { Mutex } from 'redis-semaphore';
import { TTL_MS, type LockContender } from './lock.contender.js';

export const redisSemaphore: LockContender = {
  name: 'redis-semaphore',
  settings: 'Mutex as it comes: renewal, asks again every 10 ms, no order',
  open: async (url) => {
    const redis = new Redis(url);
    return {
      acquire: async (key) => {
        const mutex = new Mutex(redis, key, { lockTimeout: TTL_MS, acquireTimeout: TTL_MS });
        await mutex.acquire();
        return mutex;
      },
      close: () => redis.quit(),
    };
  },
};
