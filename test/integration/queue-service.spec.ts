import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { DepotConfigError, Processor, QueueService, Task, type DepotOptions } from 'nestjs-depot';
import { appModule, ENGINES, optionsFor, queueOf, signal, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';

@Processor('email')
class EmailProcessor {
  readonly mails: unknown[] = [];
  readonly begun = signal();
  readonly hold = signal();

  @Task()
  async 'user.email'(mail: unknown): Promise<string> {
    this.mails.push(mail);
    return 'sent';
  }

  @Task()
  async slow(): Promise<void> {
    this.begun.give();
    await this.hold.given;
  }
}

@Injectable()
class SignupService {
  constructor(readonly queues: QueueService) {}
}

const ROUTES: DepotOptions['routes'] = {
  'user.email': 'email',
  'user.*': 'push',
  'user.admin.*': 'email',
  'report.*.pdf': { queue: 'misc', task: 'print' },
  default: 'misc',
};

describe.each(ENGINES)('the queue service on the %s engine', (engine) => {
  const start = async (depot: DepotOptions = {}) => {
    const app = await startApp(
      appModule(optionsFor(engine, { routes: ROUTES, ...depot }), ['email', 'push', 'misc'], {
        providers: [EmailProcessor, SignupService],
      }),
    );
    const { queues } = app.get(SignupService);
    return { app, queues, email: app.get(EmailProcessor) };
  };

  it('knows all queues', async () => {
    const { app, queues } = await start();
    expect(queues.all().map(({ name }) => name)).toEqual(['email', 'push', 'misc']);
    expect(queues.queue('email')).toBe(queueOf(app, 'email'));
    expect(() => queues.queue('sms')).toThrow("queue 'sms' is not registered; there are: email, push, misc");
    expect(() => queues.queue('sms')).toThrow(DepotConfigError);
  });

  it.each([
    ['user.email', 'email', 'user.email'],
    ['user.sms', 'push', 'user.sms'],
    ['user.admin.created', 'email', 'user.admin.created'],
    ['report.2024.pdf', 'misc', 'print'],
    ['userxemail', 'misc', 'userxemail'],
    ['default', 'misc', 'default'],
  ])('dispatches %s to the queue %s as task %s', async (key, queue, name) => {
    const { queues } = await start({ workers: 'none' });
    const task = await queues.dispatch(key, { to: 'ann' }, { priority: 7 });
    expect(await queues.queue(queue).get(task.id)).toMatchObject({
      name,
      payload: { to: 'ann' },
      priority: 7,
    });
  });

  it('dispatches to a handler that has the key as its name', async () => {
    const { queues, email } = await start();
    const task = await queues.dispatch('user.email', { to: 'ann' });
    expect(await task.result()).toBe('sent');
    expect(email.mails).toEqual([{ to: 'ann' }]);
  });

  it('says that no route fits', async () => {
    const { queues } = await start({ routes: { 'user.*': 'push' } });
    await expect(queues.dispatch('order.paid', 1)).rejects.toThrow(
      'no route fits the key "order.paid"; expected one in the option \'routes\' of DepotModule.forRoot',
    );
    await expect(queues.dispatch('', 1)).rejects.toThrow('the key of a message is ""; expected text');
  });

  it('shows who works, what runs and what is to come', async () => {
    const { queues, email } = await start();
    const later = await queues.queue('email').add('user.email', 1, { delay: '2h' });
    const sooner = await queues.queue('misc').add('print', 1, { delay: '1h' });
    const running = await queues.queue('email').add('slow');
    await email.begun.given;
    await queues.queue('push').pause();
    await queues.queue('email').pause('user.email');
    await eventually(async () =>
      expect(await queues.workers()).toEqual([
        {
          queue: 'email',
          process: expect.any(String),
          consumer: expect.any(String),
          active: 1,
          aliveUntil: expect.any(Date),
        },
      ]),
    );
    expect(await queues.active()).toMatchObject([{ id: running.id, queue: 'email', state: 'active' }]);
    expect((await queues.scheduled()).map(({ id }) => id)).toEqual([sooner.id, later.id]);
    expect(await queues.scheduled({ limit: 1 })).toHaveLength(2);
    await expect(queues.active({ limit: 0 })).rejects.toThrow('limit is 0; expected a whole number from 1');
    expect(await queues.stats()).toMatchObject([
      {
        queue: 'email',
        counts: { active: 1, delayed: 1 },
        paused: false,
        pausedNames: ['user.email'],
        workers: 1,
      },
      { queue: 'push', counts: { active: 0 }, paused: true, pausedNames: [], workers: 0 },
      { queue: 'misc', counts: { delayed: 1 }, paused: false, pausedNames: [], workers: 0 },
    ]);
    email.hold.give();
  });
});
