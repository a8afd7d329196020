/** What may and may not be written where handlers are declared. */
import { Ctx, DepotModule, Payload, Processor, Task, TaskContext, type DepotOptions } from 'nestjs-depot';

@Processor('reports', { concurrency: 5 })
export class ReportsProcessor {
  @Task({
    attempts: 3,
    backoff: { type: 'exponential', delay: '1s', max: '5m', jitter: 0.2 },
    timeout: '30s',
  })
  async monthly(
    @Payload() month: { year: number },
    @Ctx() task: TaskContext<{ year: number }>,
  ): Promise<number> {
    return month.year + task.payload.year;
  }

  @Task()
  plain(month: { year: number }, task: TaskContext): string {
    return `${month.year} ${task.id}`;
  }

  // @ts-expect-error a wrong unit
  @Task({ timeout: '30seconds' })
  async wrongUnit(): Promise<void> {}

  // @ts-expect-error there is no such option
  @Task({ retries: 3 })
  async wrongOption(): Promise<void> {}

  // @ts-expect-error a number has no text
  @Task({ attempts: '3' })
  async wrongType(): Promise<void> {}

  // @ts-expect-error aliases are a list
  @Task({ aliases: 'old' })
  async wrongAliases(): Promise<void> {}

  // @ts-expect-error a property is no handler
  @Task()
  property = 1;
}

// @ts-expect-error a queue has a name
@Processor()
export class WithoutQueue {}

// @ts-expect-error there is no such option
@Processor('reports', { parallel: 5 })
export class WithWrongOption {}

export const wrongOptions = [
  // @ts-expect-error there is no such option
  DepotModule.forRoot({ retries: 3 }),
  // @ts-expect-error queues are named in a list
  DepotModule.forRoot({ workers: 'some' }),
  // @ts-expect-error a wrong unit
  DepotModule.forRoot({ shutdownTimeout: '20 seconds' }),
  // @ts-expect-error a queue has a name
  DepotModule.registerQueue({ attempts: 3 }),
];

export const options: DepotOptions = {
  redis: process.env['REDIS_URL'],
  namespace: 'shop',
  workers: ['reports'],
  tasks: { attempts: 3, backoff: '1s', keep: { completed: { count: 10 } } },
};
