import 'reflect-metadata';
import { Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DepotModule, getQueueToken, Processor, Task, type Queue } from '../../../lib/index.js';
import { TASK_NAME, type BenchPayload } from '../../payload.js';
import type { Target, TaskContender, TaskProducer, TaskWorkerOptions } from './task.contender.js';

export const depot: TaskContender = {
  async openProducer({ redis, queue: name }: Target): Promise<TaskProducer> {
    const app = await start(producing(redis, name));
    const queue = app.get<Queue>(getQueueToken(name));
    return {
      add: (payload) => queue.add(TASK_NAME, payload),
      addMany: (payloads) => queue.addBulk(payloads.map((payload) => ({ name: TASK_NAME, payload }))),
      addDelayed: (payload, dueAt) => queue.add(TASK_NAME, payload, { runAt: new Date(dueAt) }),
      left: async () => {
        const { waiting, delayed, active } = await queue.counts();
        return waiting + delayed + active;
      },
      close: () => app.close(),
    };
  },

  openWorker: ({ redis, queue }, options) => start(working(redis, [queue], options)),

  openMany: (redis, queues) => start(working(redis, queues, { concurrency: 10, handle: () => undefined })),
};

function start(module: Type): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(module, { logger: ['warn', 'error'], abortOnError: false });
}

function producing(redis: string, queue: string): Type {
  @Module({
    imports: [DepotModule.forRoot({ redis, workers: 'none' }), DepotModule.registerQueue({ name: queue })],
  })
  class ProducerModule {}
  return ProducerModule;
}

function working(redis: string, queues: readonly string[], options: TaskWorkerOptions): Type {
  @Module({
    imports: [DepotModule.forRoot({ redis }), ...queues.map((name) => DepotModule.registerQueue({ name }))],
    providers: queues.map((queue) => processorOf(queue, options)),
  })
  class WorkerModule {}
  return WorkerModule;
}

function processorOf(queue: string, { concurrency, handle }: TaskWorkerOptions): Type {
  @Processor(queue, { concurrency })
  class WelcomeProcessor {
    @Task()
    welcome(payload: BenchPayload): void {
      handle(payload);
    }
  }
  return WelcomeProcessor;
}
