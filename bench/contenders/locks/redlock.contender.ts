import { Redis } from 'ioredis';
import Redlock from 'redlock';
import { TTL_MS, type LockContender } from './lock.contender.js';

/** As its users tune it; by default it tries ten times, 200 ms apart, which gives up here. */
const RETRY_MS = 10;

export const contender: LockContender = {
  async open(url) {
    const redis = new Redis(url);
    const redlock = new Redlock([redis], {
      retryDelay: RETRY_MS,
      retryJitter: RETRY_MS / 2,
      retryCount: TTL_MS / RETRY_MS,
    });
    return {
      acquire: async (key) => {
        const lock = await redlock.lock(key, TTL_MS);
        return { release: () => lock.unlock() };
      },
      close: () => redis.quit(),
    };
  },
};
