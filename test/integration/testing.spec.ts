import 'nestjs-depot/testing/jest';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Injectable,
  Module,
  Post,
  type DynamicModule,
  type INestApplication,
  type OnModuleDestroy,
} from '@nestjs/common';
import {
  CacheService,
  Ctx,
  DepotConfigError,
  DepotModule,
  DiscardTask,
  InjectQueue,
  LockService,
  Payload,
  Processor,
  Queue,
  ResultTimeoutError,
  Task,
  TaskContext,
  TaskTimeoutError,
  getQueueToken,
} from 'nestjs-depot';
import { turns } from '../unit/runtime/scripted-broker.js';
import { DepotTesting, NotDrainedError, type DepotTestingOptions } from 'nestjs-depot/testing';

@Injectable()
class Outbox {
  readonly lines: string[] = [];
}

@Processor('mail', { concurrency: 2 })
class MailProcessor {
  constructor(
    private readonly outbox: Outbox,
    @InjectQueue('sms') private readonly sms: Queue,
    private readonly cache: CacheService,
    private readonly locks: LockService,
  ) {}

  @Task()
  async send(@Payload() to: { to: string }, @Ctx() task: TaskContext): Promise<string> {
    this.outbox.lines.push(`send ${to.to} #${task.attempt} ${task.enqueuedAt.getTime()}`);
    return `sent to ${to.to}`;
  }

  @Task({ attempts: 3, backoff: { type: 'exponential', delay: '1s' } })
  async flaky(@Payload() fails: number, @Ctx() task: TaskContext): Promise<void> {
    this.outbox.lines.push(`flaky #${task.attempt}`);
    if (task.attempt <= fails) throw new Error(`no luck ${task.attempt}`);
  }

  @Task()
  async hopeless(): Promise<void> {
    throw new DiscardTask('no such address');
  }

  @Task()
  async forward(@Payload() depth: number): Promise<void> {
    await this.sms.add('text', depth);
    if (depth > 0) await this.sms.add('again', depth - 1);
  }

  @Task()
  async real(@Payload() ms: number): Promise<string> {
    await pause(ms);
    this.outbox.lines.push('real');
    return 'in real time';
  }

  @Task({ timeout: '30s', attempts: 2, backoff: '1m' })
  async hangs(@Ctx() task: TaskContext): Promise<void> {
    this.outbox.lines.push(`hangs #${task.attempt}`);
    await new Promise((_, reject) => {
      task.signal.addEventListener('abort', () => {
        this.outbox.lines.push(`aborted ${task.signal.reason instanceof TaskTimeoutError}`);
        reject(task.signal.reason as Error);
      });
    });
  }

  @Task()
  async rates(): Promise<number> {
    return this.cache.getOrSet('rates', () => this.outbox.lines.push('fetched'), { ttl: '1m' });
  }

  @Task()
  async locked(@Payload() name: string): Promise<void> {
    await this.locks.run('stock', { ttl: '30s', wait: '1h' }, async () => {
      this.outbox.lines.push(`${name} has it`);
      if (name === 'first') await new Promise(() => undefined);
      await pause(5);
      this.outbox.lines.push(`${name} is done`);
    });
  }
}

@Processor('sms')
class SmsProcessor {
  constructor(
    private readonly outbox: Outbox,
    @InjectQueue('mail') private readonly mail: Queue,
  ) {}

  @Task()
  async text(@Payload() depth: number): Promise<void> {
    this.outbox.lines.push(`text ${depth}`);
  }

  @Task()
  async again(@Payload() depth: number): Promise<void> {
    await this.mail.add('forward', depth);
  }
}

@Injectable()
class SignupService {
  constructor(@InjectQueue('mail') private readonly mail: Queue<MailProcessor>) {}

  async signUp(to: string): Promise<void> {
    await this.mail.add('send', { to });
    await this.mail.add('send', { to: `${to} again` }, { delay: '7d' });
  }
}

@Controller('signups')
class SignupController {
  constructor(private readonly signups: SignupService) {}

  @Post()
  async signUp(): Promise<void> {
    await this.signups.signUp('web');
  }
}

@Injectable()
class Observer implements OnModuleDestroy {
  seen: readonly string[] = [];
  constructor(private readonly outbox: Outbox) {}

  onModuleDestroy(): void {
    this.seen = [...this.outbox.lines];
  }
}

@Processor('loop')
class LoopProcessor {
  ended = false;
  constructor(@InjectQueue('loop') private readonly loop: Queue) {}

  @Task()
  async again(): Promise<void> {
    if (!this.ended) await this.loop.add('again');
  }
}

/** As an application has it: nobody listens on that port. */
@Module({
  imports: [
    DepotModule.forRootAsync({
      useFactory: () => ({ redis: 'redis://127.0.0.1:1', namespace: 'shop' }),
    }),
    DepotModule.registerQueue({ name: 'mail' }),
    DepotModule.registerQueue({ name: 'sms' }),
  ],
  providers: [MailProcessor, SmsProcessor, SignupService, Outbox],
  exports: [SignupService, Outbox],
})
class AppModule {}

const queues = (...names: string[]): DynamicModule[] =>
  names.map((name) => DepotModule.registerQueue({ name }));

const START = new Date('2031-05-01T12:00:00Z');

const kits: DepotTesting[] = [];

async function create(options: Partial<DepotTestingOptions> = {}): Promise<DepotTesting> {
  const depot = await DepotTesting.create({ imports: [AppModule], startAt: START, ...options });
  kits.push(depot);
  return depot;
}

afterEach(async () => {
  await Promise.all(kits.splice(0).map((depot) => depot.close()));
});

const linesOf = (depot: DepotTesting): string[] => depot.get(Outbox).lines;

describe('the test kit', () => {
  it('boots the application on the embedded engine, whatever Redis it asks for', async () => {
    const depot = await create();
    const handle = await depot.queue<MailProcessor>('mail').add('send', { to: 'ann' });
    await depot.drain();
    await expect(handle.result()).resolves.toBe('sent to ann');
    expect(depot.app.get(SignupService)).toBe(depot.get(SignupService));
    expect(depot.queue('mail')).toBe(depot.get(getQueueToken('mail')));
  });

  it('runs nothing until it is told to', async () => {
    const depot = await create();
    await depot.get(SignupService).signUp('ann');
    await turns();
    expect(linesOf(depot)).toEqual([]);
    expect(depot.enqueued('mail').map(({ state, payload }) => [state, payload])).toEqual([
      ['waiting', { to: 'ann' }],
      ['delayed', { to: 'ann again' }],
    ]);
    await depot.drain();
    await depot.queue('mail').add('send', { to: 'bob' });
    await turns();
    expect(linesOf(depot)).toEqual([`send ann #1 ${START.getTime()}`]);
    expect(depot.enqueued('mail')).toHaveLength(2);
  });

  it('lets time be over that is over at once', async () => {
    const depot = await create();
    const handle = await depot.queue('mail').add('send', { to: 'ann' });
    await expect(handle.result({ timeout: 0 })).rejects.toThrow(ResultTimeoutError);
  });

  it('drains what tasks add to other queues', async () => {
    const depot = await create();
    await depot.queue('mail').add('forward', 3);
    await depot.drain();
    expect(linesOf(depot)).toEqual(['text 3', 'text 2', 'text 1', 'text 0']);
    expect(depot.completed('sms', 'again')).toHaveLength(3);
  });

  it('drains retries that are due, and leaves those that are not', async () => {
    const depot = await create();
    const mail = depot.queue<MailProcessor>('mail');
    await mail.add('flaky', 1, { backoff: 0 });
    await mail.add('flaky', 2);
    await depot.drain();
    expect(linesOf(depot)).toEqual(['flaky #1', 'flaky #1', 'flaky #2']);
    expect(mail).toHaveEnqueued('flaky', 2, { runAt: new Date(START.getTime() + 1_000) });
  });

  it('waits for handlers that do real things', async () => {
    const depot = await create();
    const handle = await depot.queue('mail').add('real', 40);
    await depot.drain();
    expect(depot.completed('mail')).toMatchObject([{ id: handle.id, result: 'in real time' }]);
  });

  it('gives retries their times, in order', async () => {
    const depot = await create();
    const mail = depot.queue<MailProcessor>('mail');
    await mail.add('flaky', 3);
    await depot.drain();
    await depot.advance(999);
    expect(linesOf(depot)).toEqual(['flaky #1']);
    await depot.advance(1);
    expect(linesOf(depot)).toEqual(['flaky #1', 'flaky #2']);
    expect(mail).toHaveEnqueued('flaky', 3, { runAt: new Date(START.getTime() + 3_000) });
    await depot.advance('1d');
    expect(mail).toHaveDied('flaky', 3, { error: 'no luck 3', attempt: 3 });
    expect(depot.failed('mail')[0]?.finishedAt).toEqual(new Date(START.getTime() + 3_000));
    expect(depot.now()).toBe(START.getTime() + 1_000 + 86_400_000);
  });

  it('runs delayed tasks at their own time, each with what it added', async () => {
    const depot = await create();
    const sms = depot.queue('sms');
    await sms.add('text', 2, { delay: '2d' });
    await depot.queue('mail').add('forward', 1, { delay: '1d' });
    await sms.add('text', 3, { runAt: new Date(START.getTime() + 3 * 86_400_000) });
    await depot.advance('7d');
    expect(linesOf(depot)).toEqual(['text 1', 'text 0', 'text 2', 'text 3']);
    const day = (n: number): Date => new Date(START.getTime() + n * 86_400_000);
    expect(depot.completed('sms', 'text').map(({ finishedAt }) => finishedAt)).toEqual([
      day(1),
      day(1),
      day(2),
      day(3),
    ]);
  });

  it('lets time-outs end handlers that hang, and tries them again', async () => {
    const depot = await create({ patience: 20 });
    await depot.queue('mail').add('hangs');
    await depot.advance('29s');
    expect(linesOf(depot)).toEqual(['hangs #1']);
    await depot.advance('1s');
    expect(linesOf(depot)).toEqual(['hangs #1', 'aborted true']);
    await depot.advance('1m');
    await depot.advance('1m');
    expect(linesOf(depot)).toEqual(['hangs #1', 'aborted true', 'hangs #2', 'aborted true']);
    expect(depot.queue('mail')).toHaveDied('hangs', undefined, { attempt: 2, error: /timeout of 30000 ms/ });
  });

  it('waits only once for a handler that hangs', async () => {
    const depot = await create({ patience: 200 });
    const sms = depot.queue('sms');
    await depot.queue('mail').add('hangs', undefined, { timeout: '1d' });
    for (let minute = 1; minute <= 20; minute++) await sms.add('text', minute, { delay: minute * 60_000 });
    const before = performance.now();
    await depot.advance('1h');
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(depot.completed('sms')).toHaveLength(20);
  });

  it('lets values of the cache expire', async () => {
    const depot = await create();
    const rates = async (): Promise<void> => void (await depot.queue('mail').add('rates'));
    await rates();
    await rates();
    await depot.drain();
    await depot.advance('59s');
    await rates();
    await depot.drain();
    expect(linesOf(depot)).toEqual(['fetched']);
    await depot.advance('1s');
    await rates();
    await depot.drain();
    expect(linesOf(depot)).toEqual(['fetched', 'fetched']);
    await depot.get(CacheService).set('greeting', 'hello', { ttl: '1h' });
    await depot.advance('59m');
    await expect(depot.get(CacheService).get('greeting')).resolves.toBe('hello');
    await depot.advance('1m');
    await expect(depot.get(CacheService).get('greeting')).resolves.toBeUndefined();
  });

  it('renews locks, lets them expire, and hands them over', async () => {
    const depot = await create({ patience: 20 });
    const locks = depot.get(LockService);
    const held = await locks.acquire('report', { ttl: '10s' });
    const left = await locks.acquire('stock', { ttl: '30s', renew: false });
    await depot.queue('mail').add('locked', 'second');
    await depot.advance('29s');
    expect(held.held).toBe(true);
    expect(left.held).toBe(true);
    expect(linesOf(depot)).toEqual([]);
    await depot.advance('2s');
    expect(left.held).toBe(false);
    expect(linesOf(depot)).toEqual(['second has it', 'second is done']);
    expect(depot.queue('mail')).toHaveCompleted('locked');
  });

  it('says what is active still, and that the clock may have to move', async () => {
    const depot = await create();
    const { id } = await depot.queue('mail').add('hangs');
    const drained = depot.drain({ timeout: 30 });
    await expect(drained).rejects.toThrow(NotDrainedError);
    await expect(drained).rejects.toThrow(`queue 'mail': 'hangs' (${id}) is active`);
  });

  it('says at once that no worker will take what waits', async () => {
    const depot = await create({
      imports: [DepotModule.forRoot({ workers: ['sms'] }), ...queues('mail', 'sms')],
      providers: [MailProcessor, SmsProcessor, Outbox],
    });
    await depot.queue('mail').add('send', { to: 'ann' });
    const before = performance.now();
    await expect(depot.drain()).rejects.toThrow(/queue 'mail': 'send' \(.{14}\) waits for a worker/);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it('ends a drain that would never end', async () => {
    const depot = await create({
      imports: [DepotModule.forRoot({}), ...queues('loop')],
      providers: [LoopProcessor],
    });
    await depot.queue('loop').add('again');
    await expect(depot.drain({ timeout: 50 })).rejects.toThrow(NotDrainedError);
    await expect(depot.advance(1, { timeout: 50 })).rejects.toThrow(NotDrainedError);
    depot.get(LoopProcessor).ended = true;
    await depot.drain();
  });

  it('leaves the event loop to others', async () => {
    const depot = await create();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await depot.queue('mail').add('real', 60);
    await depot.drain();
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });

  it('keeps two kits apart', async () => {
    const [one, other] = [await create(), await create({ startAt: 0 })];
    await one.queue('mail').add('send', { to: 'ann' });
    await other.queue('mail').add('send', { to: 'bob' });
    await one.advance('1h');
    expect(linesOf(other)).toEqual([]);
    expect(other.now()).toBe(0);
    await Promise.all([one.drain(), other.drain()]);
    expect(linesOf(one)).toEqual([`send ann #1 ${START.getTime()}`]);
    expect(linesOf(other)).toEqual(['send bob #1 0']);
  });

  it('runs one after another what is asked at the same time', async () => {
    const depot = await create();
    await depot.queue('sms').add('text', 1, { delay: '1m' });
    await Promise.all([depot.advance('30s'), depot.drain(), depot.advance('30s')]);
    expect(linesOf(depot)).toEqual(['text 1']);
    expect(depot.now()).toBe(START.getTime() + 60_000);
  });

  it('puts other providers in the place of the application’s', async () => {
    const fake = { lines: ['fake'] };
    const [first, second] = [
      await create({ overrides: [{ provide: Outbox, useValue: fake }] }),
      await create({
        configure: (builder) => builder.overrideProvider(Outbox).useFactory({ factory: () => fake }),
      }),
    ];
    for (const depot of [first, second]) {
      await depot.queue('sms').add('text', 9);
      await depot.drain();
    }
    expect(fake.lines).toEqual(['fake', 'text 9', 'text 9']);
    const made = await create({
      overrides: [
        { provide: Outbox, useFactory: (): Outbox => ({ lines: ['made'] }) },
        { provide: SignupService, useClass: Outbox },
      ],
    });
    expect(linesOf(made)).toEqual(['made']);
    expect(made.get(SignupService)).toBeInstanceOf(Outbox);
  });

  it('runs tasks by itself with workers that are not told to', async () => {
    const depot = await create({ workers: 'auto' });
    const handle = await depot.queue('mail').add('send', { to: 'ann' });
    await expect(handle.result()).resolves.toBe('sent to ann');
    expect(depot.queue('mail')).toHaveCompleted('send', { to: 'ann' });
    await depot.queue('sms').add('text', 1, { delay: '1m' });
    await depot.advance('1m');
    expect(linesOf(depot)).toContain('text 1');
    const next = await depot.queue('mail').add('flaky', 1, { backoff: 0 });
    await next.result();
    expect(depot.queue('mail')).toHaveCompleted('flaky', 1, { attempt: 2 });
  });

  it('starts an application that is made of its module', async () => {
    const depot = await DepotTesting.create<INestApplication>({
      imports: [AppModule],
      controllers: [SignupController],
      app: (module) => module.createNestApplication(),
      workers: 'auto',
    });
    try {
      await depot.app.listen(0, '127.0.0.1');
      await fetch(`${await depot.app.getUrl()}/signups`, { method: 'POST' });
      await depot.drain();
      expect(depot.queue('mail')).toHaveCompleted('send', { to: 'web' });
    } finally {
      await depot.close();
    }
  });

  it('closes in no time with a handler that hangs, and only once', async () => {
    const depot = await create({ patience: 20 });
    await depot.queue('mail').add('hangs');
    await depot.advance(0);
    const before = performance.now();
    await Promise.all([depot.close(), depot.close(), depot[Symbol.asyncDispose]()]);
    expect(performance.now() - before).toBeLessThan(3_000);
    await expect(depot.drain()).rejects.toThrow('the test kit is closed');
  });

  it('lets handlers that do real work end before it closes', async () => {
    const depot = await create({ workers: 'auto', providers: [Observer] });
    await depot.queue('mail').add('real', 30);
    await depot.close();
    expect(depot.get(Observer).seen).toEqual(['real']);
  });

  it('refuses bad options, and an application without a depot', async () => {
    await expect(DepotTesting.create({ moduls: [] } as DepotTestingOptions)).rejects.toThrow(
      "DepotTesting.create has no option 'moduls'",
    );
    await expect(create({ startAt: new Date(Number.NaN) })).rejects.toThrow('startAt is an object');
    await expect(create({ workers: 'none' as never })).rejects.toThrow(
      "workers is \"none\"; expected 'manual' or 'auto'",
    );
    await expect(create({ imports: [] })).rejects.toThrow(DepotConfigError);
    const depot = await create();
    expect(() => depot.queue('post')).toThrow("queue 'post' is not registered; there are: mail, sms");
    await expect(depot.advance('1 d')).rejects.toThrow('advance is "1 d"');
  });
});
