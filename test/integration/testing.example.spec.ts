import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Ctx, DepotModule, InjectQueue, Payload, Processor, Queue, Task, TaskContext } from 'nestjs-depot';
import { DepotTesting } from 'nestjs-depot/testing';
import 'nestjs-depot/testing/jest'; // the matchers, and their types

interface Welcome {
  to: string;
}

@Injectable()
class Mailer {
  async send(to: string, text: string): Promise<{ messageId: string }> {
    throw new Error(`not in tests: ${to}, ${text}`);
  }
}

@Processor('email')
class EmailProcessor {
  constructor(private readonly mailer: Mailer) {}

  @Task({ attempts: 3, backoff: { type: 'exponential', delay: '1m' } })
  async welcome(@Payload() { to }: Welcome, @Ctx() task: TaskContext): Promise<{ messageId: string }> {
    return this.mailer.send(to, `welcome, attempt ${task.attempt}`);
  }

  @Task()
  async reminder(@Payload() { to }: Welcome): Promise<void> {
    await this.mailer.send(to, 'how is it going?');
  }
}

@Injectable()
class SignupService {
  constructor(@InjectQueue('email') private readonly email: Queue<EmailProcessor>) {}

  async signUp(to: string): Promise<void> {
    await this.email.add('welcome', { to });
    await this.email.add('reminder', { to }, { delay: '7d' });
  }
}

@Module({
  imports: [
    DepotModule.forRoot({ redis: 'redis://redis.internal:6379' }), // never connected to
    DepotModule.registerQueue({ name: 'email' }),
  ],
  providers: [EmailProcessor, SignupService, Mailer],
})
class AppModule {}

let depot: DepotTesting;
let sent: string[];
let refusals: number;

beforeEach(async () => {
  sent = [];
  refusals = 0;
  const send: Mailer['send'] = async (to, text) => {
    if (refusals-- > 0) throw new Error('the mail server is away');
    return { messageId: String(sent.push(`${to}: ${text}`)) };
  };
  depot = await DepotTesting.create({
    imports: [AppModule],
    overrides: [{ provide: Mailer, useValue: { send } }],
  });
});

afterEach(() => depot.close());

it('welcomes who signs up, and reminds them a week later', async () => {
  await depot.get(SignupService).signUp('ann');

  // Nothing has run yet.
  expect(depot.queue('email')).toHaveEnqueued('welcome', { to: 'ann' });
  expect(depot.queue('email')).toHaveEnqueued('reminder', { to: 'ann' }, { delay: '7d' });

  await depot.drain(); // run everything that is due, to the end
  expect(sent).toEqual(['ann: welcome, attempt 1']);

  await depot.advance('7d'); // delays, retries, TTLs and locks all follow
  expect(sent).toEqual(['ann: welcome, attempt 1', 'ann: how is it going?']);
  expect(depot.queue('email')).toHaveCompleted('welcome', { to: 'ann' }, { result: { messageId: '1' } });
});

it('tries again, a minute and two minutes later', async () => {
  refusals = 2;
  const start = depot.now();
  await depot.queue<EmailProcessor>('email').add('welcome', { to: 'bob' });

  await depot.advance('59s');
  expect(sent).toEqual([]);
  await depot.advance('1h');
  expect(sent).toEqual(['bob: welcome, attempt 3']);

  const [task] = depot.completed('email', 'welcome');
  expect(task?.finishedAt).toEqual(new Date(start + 180_000));
});

it('gives up in the end', async () => {
  refusals = 3;
  await depot.queue('email').add('welcome', { to: 'cleo' });
  await depot.advance('1h');
  expect(depot.queue('email')).toHaveDied('welcome', { to: 'cleo' }, { attempt: 3, error: 'server is away' });
});
