import { Redis } from 'ioredis';
import { Mutex } from 'redis-semaphore';
import { TTL_MS, type LockContender } from './lock.contender.js';

export const contender: LockContender = {
  async open(url) {
    const redis = new Redis(url);
    return {
      acquire: async (key) => {
        // Should it be lost, the mutex throws where nobody catches it, which ends the process.
        const mutex = new Mutex(redis, key, { lockTimeout: TTL_MS, acquireTimeout: TTL_MS });
        await mutex.acquire();
        return mutex;
      },
      close: () => redis.quit(),
    };
  },
};
