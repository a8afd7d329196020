/** What a producer may and may not write of limits, unique keys, events and steering. */
import { DepotModule, type Queue, type QueueService, type TaskEvent, type TaskFailure } from 'nestjs-depot';
import type { EmailProcessor, Receipt, Welcome } from './email.processor.js';
import { exactly, use } from './exactly.js';

export class Producer {
  constructor(
    readonly email: Queue<EmailProcessor>,
    readonly untyped: Queue,
    readonly queues: QueueService,
  ) {}

  async options(): Promise<void> {
    const to: Welcome = { to: 'ann' };
    await this.email.add('welcome', to, { priority: 9, group: 'acme', tags: ['a'], expiresIn: '1h' });
    await this.email.add('welcome', to, { deadline: '1h', keepResult: false });
    await this.email.add('welcome', to, { keepResult: '2h' });
    await this.email.add('welcome', to, { unique: { key: 'k', mode: 'keepLast', ttl: '1m' } });
    await this.email.add('welcome', to, { unique: { key: (payload) => payload.to } });
    await this.untyped.add('welcome', to, { unique: { key: (payload) => String(payload) } });
    await this.email.addBulk([
      { name: 'welcome', payload: to, options: { unique: { key: ({ to: name }) => name } } },
      { name: 'list', payload: [1], options: { unique: { key: (ids) => ids.join() } } },
    ]);
    // @ts-expect-error the payload has no such property
    await this.email.add('welcome', to, { unique: { key: (payload) => String(payload.from) } });
    // @ts-expect-error a key is text
    await this.email.add('welcome', to, { unique: { key: () => 7 } });
    // @ts-expect-error there is no such mode
    await this.email.add('welcome', to, { unique: { key: 'k', mode: 'once' } });
    // @ts-expect-error there is no such unit
    await this.email.add('welcome', to, { expiresIn: '1 hour' });
    // @ts-expect-error nobody knows the payload of an untyped task
    await this.untyped.add('welcome', to, { unique: { key: (payload) => String(payload.to) } });
    const handle = await this.email.add('welcome', to);
    exactly<typeof handle.replaced, string | undefined>(true);
    use(handle);
  }

  events(): void {
    const stop = this.email.on('completed', (event) => {
      if (event.name === 'welcome') exactly<typeof event.result, Receipt>(true);
      if (event.name === 'list') exactly<typeof event.payload, number[]>(true);
      // @ts-expect-error there is no such task
      use(event.name === 'welcom');
    });
    exactly<typeof stop.ready, Promise<void>>(true);
    stop();
    this.email.on('retrying', ({ error, runAt }) => {
      exactly<typeof error, TaskFailure>(true);
      exactly<typeof runAt, Date>(true);
      use(error, runAt);
    });
    this.email.on('progress', ({ progress }) => use(exactly<typeof progress, unknown>(true), progress));
    this.email.on('dead', ({ event, error: { message } }) =>
      use(exactly<typeof event, 'dead'>(true), event, message),
    );
    this.untyped.on('completed', async (event) => this.log(event));
    // @ts-expect-error there is no such event
    this.email.on('done', () => undefined);
    // @ts-expect-error only some events have an error
    this.email.on('active', ({ error }) => use(error.message));
  }

  async log(event: TaskEvent): Promise<void> {
    use(event.taskId);
    return Promise.resolve();
  }

  async steering(): Promise<void> {
    await this.email.clean('dead', { olderThan: '7d', limit: 100 });
    await this.email.retryDead({ name: 'welcome', since: new Date(), rate: { max: 10, per: '1s' } });
    await this.email.bulk('retry', { state: ['dead', 'cancelled'], where: { 'user.id': 7 } });
    await this.email.bulk('remove', ['a', 'b']);
    const { tasks, cursor } = await this.email.search({ where: ({ attempt }) => attempt > 3 });
    use(tasks[0]?.failures[0]?.error?.message, cursor?.length);
    // @ts-expect-error active tasks can't be deleted
    await this.email.clean('active');
    // @ts-expect-error there is no such action
    await this.email.bulk('delete', []);
    await this.queues.queue<EmailProcessor>('email').add('welcome', { to: 'ann' });
    // @ts-expect-error a wrong payload
    await this.queues.queue<EmailProcessor>('email').add('welcome', { to: 7 });
    await this.queues.dispatch('user.email', { to: 'ann' }, { delay: '1s' });
  }
}

/** Options of a queue. */
export const queues = [
  DepotModule.registerQueue({
    name: 'a',
    globalConcurrency: 5,
    rateLimit: { max: 100, per: '1s' },
    backpressure: { max: 10_000, policy: 'wait', timeout: '10s' },
    group: { concurrency: 1, rateLimit: { max: 1, per: '1s' }, backpressure: { max: 10 } },
    priority: { weights: { 9: 100 } },
    keep: { completed: { count: 10, age: '1h', bytes: 1_000_000 }, expired: { count: 0 } },
  }),
  DepotModule.registerQueue({ name: 'b', priority: 'strict' }),
  DepotModule.registerQueue({ name: 'c', priority: { weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 9] } }),
  // @ts-expect-error a time has a unit
  DepotModule.registerQueue({ name: 'd', rateLimit: { max: 1, per: '1' } }),
  // @ts-expect-error there is no such policy
  DepotModule.registerQueue({ name: 'e', backpressure: { max: 1, policy: 'drop' } }),
];
