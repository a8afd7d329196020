import { Redis } from 'ioredis';
import type { BenchPayload } from '../../payload.js';
import type { Closable, Target, TaskContender, TaskProducer, TaskWorkerOptions } from './task.contender.js';

/** The floor: payloads on a list. No ids, retries or leases: what a worker that dies has in hand is lost. */
export const ioredis: TaskContender = {
  async openProducer({ redis: url, queue }: Target): Promise<TaskProducer> {
    const redis = new Redis(url);
    return {
      add: (payload) => redis.rpush(queue, JSON.stringify(payload)),
      addMany: (payloads) => {
        const pipeline = redis.pipeline();
        for (const payload of payloads) pipeline.rpush(queue, JSON.stringify(payload));
        return pipeline.exec();
      },
      addDelayed: () => Promise.reject(new Error('a list has no delays')),
      left: () => redis.llen(queue),
      close: () => redis.quit(),
    };
  },

  async openWorker({ redis: url, queue }: Target, options: TaskWorkerOptions): Promise<Closable> {
    const redis = new Redis(url);
    const ended = pop(redis, queue, options);
    return {
      close: async () => {
        redis.disconnect();
        await ended;
      },
    };
  },

  openMany: () => Promise.reject(new Error('a list has no workers')),
};

async function pop(redis: Redis, queue: string, { concurrency, handle }: TaskWorkerOptions): Promise<void> {
  try {
    for (;;) {
      const texts = (await redis.lpop(queue, concurrency)) ?? (await redis.blpop(queue, 0))?.slice(1) ?? [];
      for (const text of texts) handle(JSON.parse(text) as BenchPayload);
    }
  } catch {
    // It was closed.
  }
}
