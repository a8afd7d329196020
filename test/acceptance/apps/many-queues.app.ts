/** Any number of queues, each with a processor, that work when they are told to and are idle otherwise. */
import '../timers-fired.js';
import { Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { DepotModule, getQueueToken, Processor, Task, type Queue } from 'nestjs-depot';
import { host, settings } from '../app-host.js';
import { timersFired } from '../timers-fired.js';

export interface ManyQueuesAppSettings {
  readonly redis: string | undefined;
  readonly namespace: string;
  readonly queues: number;
}

const { redis, namespace, queues } = settings() as ManyQueuesAppSettings;
const names = Array.from({ length: queues }, (_, i) => `queue-${i}`);
let held = 0;
let release = (): void => undefined;
const released = new Promise<void>((resolve) => (release = resolve));

class Work {
  @Task()
  echo(text: string): string {
    return text;
  }

  @Task()
  async hold(): Promise<void> {
    held++;
    await released;
  }
}

function processorOf(queue: string): Type {
  @Processor(queue)
  class WorkOfOneQueue extends Work {}
  return WorkOfOneQueue;
}

@Module({
  imports: [
    DepotModule.forRoot({ redis, namespace }),
    ...names.map((name) => DepotModule.registerQueue({ name })),
  ],
  providers: names.map(processorOf),
})
class ManyQueuesModule {}

let results: Promise<unknown> = Promise.resolve();

const queuesOf = (app: INestApplicationContext): Queue<Work>[] =>
  names.map((name) => app.get<Queue<Work>>(getQueueToken(name)));

host(ManyQueuesModule, (app) => ({
  /** A task on each queue, to the end. */
  work: async () => {
    const handles = await Promise.all(queuesOf(app).map((queue) => queue.add('echo', queue.name)));
    await Promise.all(handles.map((handle) => handle.result()));
  },
  /** A task on each queue whose result is waited for until `release`. */
  hold: async () => {
    const handles = await Promise.all(queuesOf(app).map((queue) => queue.add('hold')));
    results = Promise.all(handles.map((handle) => handle.result()));
  },
  held: () => held,
  release: async () => {
    release();
    await results;
  },
  timersFired,
}));
