import type { INestApplicationContext } from '@nestjs/common';
import { DepotModule, getQueueToken, type Queue, type TasksOptions } from 'nestjs-depot';
import { startApplication } from './application.js';

/** An application of this process that adds to a queue and looks at it, and works on nothing. */
export class Producer implements AsyncDisposable {
  private constructor(
    private readonly app: INestApplicationContext,
    readonly queue: Queue,
  ) {}

  static async start(
    redis: string,
    namespace: string,
    queue: string,
    tasks: TasksOptions = {},
  ): Promise<Producer> {
    const app = await startApplication({
      module: class ProducerModule {},
      imports: [
        DepotModule.forRoot({ redis, namespace, workers: 'none', tasks }),
        DepotModule.registerQueue({ name: queue }),
      ],
    });
    return new Producer(app, app.get<Queue>(getQueueToken(queue)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
  }
}
