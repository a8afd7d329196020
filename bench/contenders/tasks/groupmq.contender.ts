import { Queue, Worker } from 'groupmq';
import { Redis } from 'ioredis';
import type { BenchPayload } from '../../payload.js';
import type { Closable, Target, TaskContender, TaskProducer, TaskWorkerOptions } from './task.contender.js';

/** Tasks of one group run one after the other, so there are many: nothing is held up, and nobody looks through too many. */
const GROUPS = 1_000;
const LARGE_BATCH = { size: 500, maxWaitMs: 1 };

export const groupmq: TaskContender = {
  async openProducer({ redis: url, queue: namespace }: Target): Promise<TaskProducer> {
    const redis = new Redis(url, { maxRetriesPerRequest: null });
    const queue = new Queue<BenchPayload>({ redis, namespace });
    const batching = new Queue<BenchPayload>({ redis, namespace, autoBatch: LARGE_BATCH });
    const job = (data: BenchPayload) => ({ groupId: `g${data.n % GROUPS}`, data });
    return {
      add: (payload) => queue.add(job(payload)),
      addMany: (payloads) => Promise.all(payloads.map((payload) => batching.add(job(payload)))),
      addDelayed: (payload, dueAt) => queue.add({ ...job(payload), runAt: dueAt }),
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

  async openWorker({ redis: url, queue }: Target, options: TaskWorkerOptions): Promise<Closable> {
    const redis = new Redis(url, { maxRetriesPerRequest: null });
    const worker = open(redis, queue, options);
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

function open(redis: Redis, namespace: string, { concurrency, handle }: TaskWorkerOptions): Closable {
  const worker = new Worker<BenchPayload>({
    queue: new Queue<BenchPayload>({ redis, namespace }),
    concurrency,
    handler: async (job) => handle(job.data),
  });
  void worker.run();
  return worker;
}
