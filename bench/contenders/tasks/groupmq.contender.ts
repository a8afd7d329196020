import { Queue, Worker } from 'groupmq';
import { Redis } from 'ioredis';
import type { BenchPayload } from '../../payload.js';
import type { Closable, Target, TaskContender, TaskProducer, TaskWorkerOptions } from './task.contender.js';

/**
 * Tasks of one group run one after the other, so there have to be as many as run at the same time. With many more it is
 * slower, with fewer than that at concurrency 1, too.
 */
const groupsFor = (concurrency: number): number => (concurrency === 1 ? 10 : Math.max(100, concurrency));
const LARGE_BATCH = { size: 500, maxWaitMs: 1 };
/** By default 32 delayed tasks a second fall due at most. */
const PROMPT = { schedulerIntervalMs: 50, schedulerLockTtlMs: 50 };

export const groupmq: TaskContender = {
  async openProducer({ redis: url, queue: namespace, concurrency = 100 }: Target): Promise<TaskProducer> {
    const redis = new Redis(url, { maxRetriesPerRequest: null });
    const queue = new Queue<BenchPayload>({ redis, namespace });
    const batching = new Queue<BenchPayload>({ redis, namespace, autoBatch: LARGE_BATCH });
    const groups = groupsFor(concurrency);
    const job = (data: BenchPayload) => ({ groupId: `g${data.n % groups}`, data });
    return {
      add: (payload) => queue.add(job(payload)),
      addMany: (payloads) => Promise.all(payloads.map((payload) => batching.add(job(payload)))),
      // A group each: the next one of a group would begin with the one before it, due or not.
      addDelayed: (data, dueAt) => queue.add({ groupId: `g${data.n}`, data, runAt: dueAt }),
      left: async () => {
        const { waiting, active, delayed } = await queue.getJobCounts();
        return waiting + active + delayed;
      },
      close: async () => {
        await batching.close();
        await queue.close();
        redis.disconnect();
      },
    };
  },

  async openWorker(
    { redis: url, queue, delays = false }: Target,
    options: TaskWorkerOptions,
  ): Promise<Closable> {
    const redis = new Redis(url, { maxRetriesPerRequest: null });
    const worker = open(redis, queue, options, delays);
    return {
      close: async () => {
        await worker.close();
        redis.disconnect();
      },
    };
  },

  async openMany(url: string, names: readonly string[]): Promise<Closable> {
    const redis = new Redis(url, { maxRetriesPerRequest: null });
    const workers = names.map((name) => open(redis, name, { concurrency: 10, handle: () => undefined }));
    return {
      close: async () => {
        await Promise.all(workers.map((worker) => worker.close()));
        redis.disconnect();
      },
    };
  },
};

function open(
  redis: Redis,
  namespace: string,
  { concurrency, handle }: TaskWorkerOptions,
  delays = false,
): Closable {
  const { schedulerIntervalMs, schedulerLockTtlMs } = PROMPT;
  const worker = new Worker<BenchPayload>({
    queue: new Queue<BenchPayload>({ redis, namespace, ...(delays && { schedulerLockTtlMs }) }),
    concurrency,
    handler: async (job) => handle(job.data),
    ...(delays && { schedulerIntervalMs }),
  });
  void worker.run();
  return worker;
}
