import { Queue, Worker, type ConnectionOptions, type Processor } from 'bullmq';
import { Redis } from 'ioredis';
import { TASK_NAME, type BenchPayload } from '../../payload.js';
import type { Closable, Target, TaskContender, TaskProducer, TaskWorkerOptions } from './task.contender.js';

const JOB = { removeOnComplete: true, removeOnFail: true } as const;

export const bullmq: TaskContender = {
  async openProducer({ redis, queue: name }: Target): Promise<TaskProducer> {
    const queue = new Queue(name, { connection: { url: redis }, defaultJobOptions: JOB });
    await queue.waitUntilReady();
    return {
      add: (payload) => queue.add(TASK_NAME, payload),
      addMany: (payloads) => queue.addBulk(payloads.map((data) => ({ name: TASK_NAME, data }))),
      addDelayed: (payload, dueAt) => {
        const timestamp = Date.now();
        return queue.add(TASK_NAME, payload, { timestamp, delay: dueAt - timestamp });
      },
      left: async () => {
        const {
          waiting = 0,
          active = 0,
          delayed = 0,
        } = await queue.getJobCounts('waiting', 'active', 'delayed');
        return waiting + active + delayed;
      },
      close: () => queue.close(),
    };
  },

  async openWorker({ redis, queue }: Target, options: TaskWorkerOptions): Promise<Closable> {
    return open(queue, { url: redis, maxRetriesPerRequest: null }, options);
  },

  async openMany(redis: string, names: readonly string[]): Promise<Closable> {
    const connection = new Redis(redis, { maxRetriesPerRequest: null });
    const queues = names.map((name) => new Queue(name, { connection, defaultJobOptions: JOB }));
    const workers = await Promise.all(
      names.map((name) => open(name, connection, { concurrency: 10, handle: () => undefined })),
    );
    await Promise.all(queues.map((queue) => queue.waitUntilReady()));
    return {
      close: async () => {
        await Promise.all([...workers, ...queues].map((one) => one.close()));
        connection.disconnect();
      },
    };
  },
};

async function open(
  queue: string,
  connection: ConnectionOptions,
  { concurrency, handle }: TaskWorkerOptions,
): Promise<Closable> {
  const handler: Processor<BenchPayload> = async (job) => handle(job.data);
  const worker = new Worker<BenchPayload>(queue, handler, { connection, concurrency, ...JOB_OF_WORKER });
  await worker.waitUntilReady();
  return worker;
}

const JOB_OF_WORKER = { removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } };
