import { Redis } from 'ioredis';
import { createLock, IoredisAdapter } from 'redlock-universal';
import { TTL_MS, type LockContender } from './lock.contender.js';

const RETRY_MS = 10;

/** Its default of 3 tries 100 ms apart gives up in every contended measure. */
export const redlockUniversal: LockContender = {
  name: 'redlock-universal',
  settings: `createLock on one Redis, lean: no renewal, asks again every ${RETRY_MS} ms (as it comes: 3 times, every 100 ms), no order`,
  open: async (url) => {
    const redis = new Redis(url);
    const adapter = new IoredisAdapter(redis);
    const retry = { retryDelay: RETRY_MS, retryAttempts: TTL_MS / RETRY_MS };
    return {
      acquire: async (key) => {
        const lock = createLock({ adapter, key, ttl: TTL_MS, performance: 'lean', ...retry });
        const handle = await lock.acquire();
        return {
          release: async () => {
            if (!(await lock.release(handle))) throw new Error('redlock-universal has lost its lock');
          },
        };
      },
      close: () => redis.quit(),
    };
  },
};
