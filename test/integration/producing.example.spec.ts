import { expect, it } from '@jest/globals';
import { Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import {
  Ctx,
  DepotModule,
  InjectQueue,
  Payload,
  Processor,
  Queue,
  QueueFullError,
  Task,
  TaskCancelledError,
  TaskContext,
  TaskExpiredError,
  TaskFailedError,
  type DepotOptions,
} from 'nestjs-depot';
import { optionsFor, queueOf, startApp } from '../support/app.js';
import { missingExamples } from '../support/examples.js';
import { eventually } from '../support/eventually.js';

interface Welcome {
  readonly to: string;
}

interface Report {
  readonly user: number;
}

@Processor('email')
class EmailProcessor {
  @Task()
  async welcome(@Payload() { to }: Welcome, @Ctx() task: TaskContext): Promise<{ messageId: string }> {
    if (to === 'nobody') throw new Error(`no such mailbox, attempt ${task.attempt}`);
    return { messageId: `to ${to}` };
  }
}

@Processor('reports')
class ReportProcessor {
  readonly built: number[] = [];

  @Task()
  async build({ user }: Report): Promise<void> {
    this.built.push(user);
  }
}

@Injectable()
class SignupService {
  constructor(@InjectQueue('email') private readonly email: Queue<EmailProcessor>) {}

  async signUp(to: string): Promise<string> {
    const task = await this.email.add('welcome', { to }, { attempts: 3, timeout: '30s', tags: ['signup'] });
    const { messageId } = await task.result({ timeout: '1m' });
    return messageId;
  }

  async invite(): Promise<void> {
    await this.email.addBulk([
      { name: 'welcome', payload: { to: 'ann@example.com' } },
      { name: 'welcome', payload: { to: 'bob@example.com' }, options: { delay: '10m' } },
    ]);
  }

  async forTenant(tenant: string, to: string): Promise<void> {
    await this.email.add('welcome', { to }, { group: tenant, priority: 8, expiresIn: '1h' });
  }

  async outcome(to: string): Promise<string> {
    const task = await this.email.add('welcome', { to }, { deadline: '10m', keepResult: '1d' });
    try {
      return (await task.result()).messageId;
    } catch (error) {
      if (error instanceof TaskFailedError) return `failed: ${error.failure.message}`;
      if (error instanceof TaskCancelledError) return `cancelled, by ${error.replacedBy ?? 'somebody'}`;
      if (error instanceof TaskExpiredError) return 'nobody had time for it';
      throw error; // ResultTimeoutError: it goes on; TaskNotFoundError: nothing is kept of it
    }
  }
}

@Injectable()
class ReportService {
  constructor(@InjectQueue('reports') private readonly reports: Queue<ReportProcessor>) {}

  async changed(user: number): Promise<string> {
    const task = await this.reports.add(
      'build',
      { user },
      { unique: { key: (report) => `report:${report.user}`, mode: 'keepLast' } },
    );
    if (!task.created) return `task ${task.id} has the key already`;
    return task.replaced === undefined ? 'first' : `instead of task ${task.replaced}`;
  }

  async buildAll(users: readonly number[]): Promise<readonly number[]> {
    try {
      await this.reports.addBulk(users.map((user) => ({ name: 'build', payload: { user } })));
      return [];
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error;
      return users.filter((_, place) => error.refused.includes(place));
    }
  }
}

function application(options: DepotOptions) {
  @Module({
    imports: [
      DepotModule.forRoot(options),
      DepotModule.registerQueue({
        name: 'email',
        globalConcurrency: 50,
        rateLimit: { max: 100, per: '1s' },
        group: { concurrency: 2, rateLimit: { max: 10, per: '1s' } },
        priority: { weights: { 0: 1, 5: 6, 9: 10 } },
      }),
      DepotModule.registerQueue({
        name: 'reports',
        backpressure: { max: 1_000 },
        group: { backpressure: { max: 100, policy: 'wait', timeout: '10s' } },
        keep: {
          completed: { count: 100, age: '10m', bytes: 1_000_000 },
          dead: { count: 1_000, age: '7d' },
        },
      }),
    ],
    providers: [EmailProcessor, ReportProcessor, SignupService, ReportService],
  })
  class AppModule {}
  return AppModule;
}

const start = (): Promise<INestApplicationContext> => startApp(application(optionsFor('embedded')));

it('the examples of docs/tasks.md and docs/limits.md are the ones that run here', async () => {
  const here = 'test/integration/producing.example.spec.ts';
  expect(await missingExamples('docs/tasks.md', here)).toEqual([]);
  expect(await missingExamples('docs/limits.md', here)).toEqual([]);
});

it('a task is added, and its result waited for', async () => {
  const app = await start();
  const signups = app.get(SignupService);
  expect(await signups.signUp('ann')).toBe('to ann');
  await signups.invite();
  await signups.forTenant('acme', 'bob');
  const email = queueOf(app, 'email');
  expect(await email.list('delayed')).toMatchObject([{ payload: { to: 'bob@example.com' } }]);
  await eventually(async () => expect(await email.counts()).toMatchObject({ completed: 3 }));
});

it('each way in which a task ends without a result is told apart', async () => {
  const app = await start();
  const signups = app.get(SignupService);
  expect(await signups.outcome('ann')).toBe('to ann');
  expect(await signups.outcome('nobody')).toBe('failed: no such mailbox, attempt 1');
  const email = queueOf(app, 'email');
  await email.pause();
  const outcome = signups.outcome('ann');
  await eventually(async () => expect(await email.bulk('cancel', { state: 'waiting' })).toBe(1));
  expect(await outcome).toBe('cancelled, by somebody');
});

it('the last of many triggers wins', async () => {
  const app = await start();
  const service = app.get(ReportService);
  const reports = queueOf(app, 'reports');
  await reports.pause();
  expect(await service.changed(7)).toBe('first');
  expect(await service.changed(7)).toMatch(/^instead of task /);
  expect(await reports.counts()).toMatchObject({ waiting: 1, cancelled: 1 });
});

it('what does not fit is told', async () => {
  const app = await start();
  await queueOf(app, 'reports').pause();
  const service = app.get(ReportService);
  expect(await service.buildAll(Array.from({ length: 998 }, (_, user) => user))).toEqual([]);
  expect(await service.buildAll([1_001, 1_002, 1_003])).toEqual([1_003]);
});
