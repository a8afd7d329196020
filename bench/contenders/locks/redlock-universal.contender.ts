import { Redis } from 'ioredis';
import { createLock, IoredisAdapter } from 'redlock-universal';
import { TTL_MS, type LockContender } from './lock.contender.js';

/** At 3 ms it is a little faster for 1.4 times the commands; at 10 ms a contended lock takes 1.6 times as long. */
const RETRY_MS = 5;

export const contender: LockContender = {
  async open(url) {
    const redis = new Redis(url);
    const adapter = new IoredisAdapter(redis);
    const retries = { retryDelay: RETRY_MS, retryAttempts: TTL_MS / RETRY_MS };
    return {
      acquire: async (key) => {
        const lock = createLock({ adapter, key, ttl: TTL_MS, performance: 'lean', ...retries });
        const handle = await lock.acquire();
        return {
          release: async () => {
            if (!(await lock.release(handle))) throw new Error('the lock was lost');
          },
        };
      },
      close: () => redis.quit(),
    };
  },
};
