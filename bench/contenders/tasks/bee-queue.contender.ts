import BeeQueue from 'bee-queue';
import type { BenchPayload } from '../../payload.js';
import type { Closable, Target, TaskContender, TaskProducer, TaskWorkerOptions } from './task.contender.js';

const LEAN = { getEvents: false, sendEvents: false, storeJobs: false, removeOnSuccess: true } as const;

export const beeQueue: TaskContender = {
  async openProducer(target: Target): Promise<TaskProducer> {
    const queue = await open(target, { isWorker: false });
    return {
      add: (payload) => queue.createJob(payload).save(),
      addMany: async (payloads) => {
        const failed = await queue.saveAll(payloads.map((payload) => queue.createJob(payload)));
        if (failed.size > 0) throw new Error(`${failed.size} jobs were not saved`);
      },
      addDelayed: (payload, dueAt) => queue.createJob(payload).delayUntil(dueAt).save(),
      left: async () => {
        const { waiting, active, delayed } = await queue.checkHealth();
        return waiting + active + delayed;
      },
      close: () => queue.close(),
    };
  },

  async openWorker(target: Target, options: TaskWorkerOptions): Promise<Closable> {
    return work(target, {}, options);
  },

  async openMany(redis: string, queues: readonly string[]): Promise<Closable> {
    const first = await open({ redis, queue: 'shared' }, { isWorker: false });
    const { client } = first as unknown as WithClient;
    const shared = { redis: client, quitCommandClient: false } as BeeQueue.QueueSettings;
    const idle = { concurrency: 10, handle: () => undefined };
    const workers = await Promise.all(queues.map((queue) => work({ redis, queue }, shared, idle)));
    return {
      close: async () => {
        await Promise.all(workers.map((worker) => worker.close()));
        await first.close();
      },
    };
  },
};

/** What its types do not tell. */
interface WithClient {
  readonly client: object;
}

async function work(
  target: Target,
  settings: BeeQueue.QueueSettings,
  { concurrency, handle }: TaskWorkerOptions,
): Promise<Closable> {
  const queue = await open(target, settings);
  queue.process(concurrency, async (job) => handle(job.data));
  return queue;
}

async function open(
  { redis, queue: name, delays = false }: Target,
  settings: BeeQueue.QueueSettings,
): Promise<BeeQueue<BenchPayload>> {
  const { hostname, port } = new URL(redis);
  const server = { host: hostname, port: Number(port) };
  const queue = new BeeQueue<BenchPayload>(name, {
    ...LEAN,
    // By default up to a second passes until delayed jobs are looked for.
    ...(delays && { activateDelayedJobs: true, delayedDebounce: 1 }),
    redis: server,
    ...settings,
  });
  await queue.ready();
  return queue;
}
