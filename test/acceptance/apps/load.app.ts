/** Adds and runs tasks that do nothing, as fast as it can. */
import { Module } from '@nestjs/common';
import { DepotModule, getQueueToken, Processor, Task, type Queue } from 'nestjs-depot';
import { host, settings } from '../app-host.js';

export interface LoadAppSettings {
  readonly redis: string | undefined;
  readonly namespace: string;
  readonly concurrency: number;
  readonly works: boolean;
}

/** Times in milliseconds since the epoch. */
export interface Handled {
  readonly tasks: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

const { redis, namespace, concurrency, works } = settings() as LoadAppSettings;
const payload = { to: 'ann@example.com', subject: 'Welcome to the shop', body: 'x'.repeat(40) };
let tasks = 0;
let firstAt = 0;
let lastAt = 0;

@Processor('load', { concurrency })
class LoadProcessor {
  @Task()
  run(_payload: object): void {
    lastAt = Date.now();
    if (tasks++ === 0) firstAt = lastAt;
  }
}

@Module({
  imports: [
    DepotModule.forRoot({ redis, namespace, workers: works ? 'all' : 'none' }),
    DepotModule.registerQueue({ name: 'load' }),
  ],
  providers: [LoadProcessor],
})
class LoadModule {}

host(LoadModule, (app) => {
  const queue = app.get<Queue<LoadProcessor>>(getQueueToken('load'));
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const begun = performance.now();
    await work();
    return performance.now() - begun;
  };
  return {
    /** Milliseconds for so many `add` calls, all in one tick. */
    add: (count: number) =>
      timed(() => Promise.all(Array.from({ length: count }, () => queue.add('run', payload)))),
    /** Milliseconds for so many `add` calls, one after the other. */
    addOneByOne: (count: number) =>
      timed(async () => {
        for (let i = 0; i < count; i++) await queue.add('run', payload);
      }),
    handled: (): Handled => ({ tasks, firstAt, lastAt }),
  };
});
