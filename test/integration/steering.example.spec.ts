import { expect, it } from '@jest/globals';
import { Injectable, Module, type INestApplicationContext, type OnModuleDestroy } from '@nestjs/common';
import {
  Ctx,
  DepotModule,
  InjectQueue,
  Payload,
  Processor,
  Queue,
  QueueService,
  Task,
  TaskContext,
  type StopListening,
  type TaskHandle,
} from 'nestjs-depot';
import { optionsFor, queueOf, startApp } from '../support/app.js';
import { missingExamples } from '../support/examples.js';
import { eventually } from '../support/eventually.js';

interface Welcome {
  readonly user: { readonly id: number };
}

@Processor('email')
class EmailProcessor {
  works = false;

  @Task()
  async welcome(@Payload() { user }: Welcome, @Ctx() task: TaskContext): Promise<string> {
    await task.progress({ rendered: true });
    if (!this.works) throw new Error('no mail server');
    return `mail for ${user.id}`;
  }

  @Task()
  async 'user.email'(message: unknown): Promise<void> {
    void message;
  }
}

@Injectable()
class Operations {
  constructor(@InjectQueue('email') private readonly email: Queue<EmailProcessor>) {}

  async maintenance(work: () => Promise<void>): Promise<void> {
    await this.email.pause(); // or pause('welcome'): tasks of that name alone
    try {
      await work();
    } finally {
      await this.email.resume();
    }
  }

  async failuresOf(id: number): Promise<string[]> {
    const { tasks, cursor } = await this.email.search({
      state: ['dead', 'cancelled'],
      name: 'welcome',
      where: { 'user.id': id },
    });
    return [...tasks.map(({ error }) => error?.message ?? ''), ...(cursor === undefined ? [] : ['…'])];
  }

  async redrive(deployedAt: Date): Promise<number> {
    return this.email.retryDead({ name: 'welcome', since: deployedAt, rate: { max: 10, per: '1s' } });
  }

  async forget(id: number): Promise<number> {
    await this.email.bulk('cancel', { state: ['waiting', 'delayed'], where: { 'user.id': id } });
    return this.email.clean('cancelled', { olderThan: '0ms' });
  }
}

@Injectable()
class Screen implements OnModuleDestroy {
  readonly lines: string[] = [];
  readonly stop: StopListening;

  constructor(@InjectQueue('email') email: Queue<EmailProcessor>) {
    this.stop = email.on('completed', ({ taskId, name, result }) => {
      this.lines.push(`${name} ${taskId}: ${String(result)}`);
    });
  }

  onModuleDestroy(): void {
    this.stop();
  }
}

@Injectable()
class Webhooks {
  constructor(private readonly queues: QueueService) {}

  received(key: string, message: unknown): Promise<TaskHandle> {
    return this.queues.dispatch(key, message);
  }

  async health(): Promise<string[]> {
    const stats = await this.queues.stats();
    return stats.map(
      ({ queue, counts, workers }) => `${queue}: ${counts.waiting} waiting, ${workers} workers`,
    );
  }
}

const options = optionsFor('embedded');

@Module({
  imports: [
    DepotModule.forRoot({
      ...options,
      routes: {
        'user.email': 'email',
        'user.*': 'push',
        'report.*': { queue: 'misc', task: 'report' },
        default: 'misc',
      },
    }),
    ...['email', 'push', 'misc'].map((name) => DepotModule.registerQueue({ name })),
  ],
  providers: [EmailProcessor, Operations, Screen, Webhooks],
})
class AppModule {}

const start = (): Promise<INestApplicationContext> => startApp(AppModule);

it('the examples of docs/steering.md are the ones that run here', async () => {
  expect(await missingExamples('docs/steering.md', 'test/integration/steering.example.spec.ts')).toEqual([]);
});

it('a queue is paused for as long as something takes', async () => {
  const app = await start();
  const email = queueOf(app, 'email');
  await app.get(Operations).maintenance(async () => expect(await email.isPaused()).toBe(true));
  expect(await email.isPaused()).toBe(false);
});

it('what failed is found, begun anew, and seen', async () => {
  const app = await start();
  const email = queueOf<EmailProcessor>(app, 'email');
  const [operations, screen] = [app.get(Operations), app.get(Screen)];
  await screen.stop.ready;
  const task = await email.add('welcome', { user: { id: 7 } });
  await task.result().catch(() => undefined);
  expect(await operations.failuresOf(7)).toEqual(['no mail server']);
  expect(await operations.failuresOf(8)).toEqual([]);
  app.get(EmailProcessor).works = true;
  expect(await operations.redrive(new Date(0))).toBe(1);
  await eventually(() => expect(screen.lines).toEqual([`welcome ${task.id}: mail for 7`]));
});

it('what a user left behind is cancelled and deleted', async () => {
  const app = await start();
  const email = queueOf<EmailProcessor>(app, 'email');
  await email.add('welcome', { user: { id: 7 } }, { delay: '1h' });
  await email.add('welcome', { user: { id: 8 } }, { delay: '1h' });
  expect(await app.get(Operations).forget(7)).toBe(1);
  expect(await email.counts()).toMatchObject({ delayed: 1, cancelled: 0 });
});

it('messages go where their routes say', async () => {
  const app = await start();
  const webhooks = app.get(Webhooks);
  const task = await webhooks.received('user.email', { to: 'ann' });
  await task.result();
  await webhooks.received('report.daily', 1);
  expect(await webhooks.health()).toEqual([
    'email: 0 waiting, 1 workers',
    'push: 0 waiting, 0 workers',
    'misc: 1 waiting, 0 workers',
  ]);
  expect(await queueOf(app, 'misc').list('waiting')).toMatchObject([{ name: 'report', payload: 1 }]);
});
