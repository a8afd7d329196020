import { describe, expect, it } from '@jest/globals';
import { Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { Redis } from 'ioredis';
import {
  Cacheable,
  CacheService,
  DepotConfigError,
  DepotModule,
  InjectQueue,
  LockService,
  Processor,
  Queue,
  Task,
  getQueueToken,
  type DepotOptions,
  type DepotOptionsFactory,
} from 'nestjs-depot';
import { appModule, ENGINES, optionsFor, queueOf, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/shared-redis.js';

@Processor('a')
class Echo {
  @Task() async echo(payload: string): Promise<string> {
    return payload;
  }
}

@Injectable()
class Settings {
  readonly depot = optionsFor('redis');
}
@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class Factory implements DepotOptionsFactory {
  async createDepotOptions(): Promise<DepotOptions> {
    return optionsFor('embedded');
  }
}
@Module({ providers: [Factory], exports: [Factory] })
class FactoryModule {}

function rootOf(...imports: (DynamicModule | Type)[]): Type {
  class AppModule {}
  Module({ imports, providers: [Echo] })(AppModule);
  return AppModule;
}

describe('DepotModule.forRootAsync', () => {
  it.each<[string, DynamicModule]>([
    [
      'useFactory with imports and inject',
      DepotModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: (settings: Settings) => settings.depot,
      }),
    ],
    ['an async useFactory', DepotModule.forRootAsync({ useFactory: async () => optionsFor('embedded') })],
    ['useClass', DepotModule.forRootAsync({ useClass: Factory })],
    ['useExisting', DepotModule.forRootAsync({ imports: [FactoryModule], useExisting: Factory })],
  ])('takes its options from %s', async (_, depot) => {
    const app = await startApp(rootOf(depot, DepotModule.registerQueue({ name: 'a' })));
    expect(await (await queueOf(app, 'a').add('echo', 'x')).result()).toBe('x');
  });
});

describe('DepotModule.registerQueue', () => {
  it('takes options from other providers', async () => {
    const app = await startApp(
      rootOf(
        DepotModule.forRoot(optionsFor('embedded')),
        DepotModule.registerQueueAsync({
          name: 'a',
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: () => ({ keep: { completed: { count: 0 } } }),
        }),
      ),
    );
    const queue = queueOf(app, 'a');
    const task = await queue.add('echo', 'x');
    await eventually(async () => expect(await queue.get(task.id)).toBeUndefined());
  });

  it('may be repeated with the same options, and not with others', async () => {
    const depot = DepotModule.forRoot(optionsFor('embedded'));
    await startApp(
      rootOf(depot, DepotModule.registerQueue({ name: 'a' }), DepotModule.registerQueue({ name: 'a' })),
    );
    await expect(
      startApp(
        rootOf(
          depot,
          DepotModule.registerQueue({ name: 'a' }),
          DepotModule.registerQueue({ name: 'a', attempts: 2 }),
        ),
      ),
    ).rejects.toThrow("queue 'a' is registered twice with different options");
  });

  it('lets any module inject the queue', async () => {
    @Injectable()
    class Producer {
      constructor(@InjectQueue('a') readonly queue: Queue<Echo>) {}
    }
    @Module({ providers: [Producer] })
    class ProducerModule {}
    const app = await startApp(
      rootOf(
        DepotModule.forRoot(optionsFor('embedded')),
        DepotModule.registerQueue({ name: 'a' }),
        ProducerModule,
      ),
    );
    const { queue } = app.get(Producer, { strict: false });
    expect(queue).toBe(app.get(getQueueToken('a')));
    expect(queue).toBeInstanceOf(Queue);
    expect(await (await queue.add('echo', 'x')).result()).toBe('x');
  });
});

describe('workers', () => {
  const start = (workers: NonNullable<DepotOptions['workers']>, options = optionsFor('redis')) =>
    startApp(appModule({ ...options, workers }, ['a', 'b'], { providers: [Echo] }));

  it('consumes only the queues that are named', async () => {
    const app = await start(['a']);
    expect(await (await queueOf(app, 'a').add('echo', 'x')).result()).toBe('x');
  });

  it('consumes nothing when told so', async () => {
    const app = await start('none');
    await queueOf(app, 'a').add('echo');
    expect(await queueOf(app, 'a').counts()).toMatchObject({ waiting: 1 });
  });

  it('refuses a name that is no queue', async () => {
    await expect(start(['a', 'c'])).rejects.toThrow(
      "workers names the queue 'c', which is not registered; there are: a, b",
    );
    await expect(start(['c'])).rejects.toThrow(DepotConfigError);
  });
});

describe('redis', () => {
  it('may be options, or a client, which stays the user’s', async () => {
    const url = new URL(sharedRedisUrl());
    const client = new Redis({ host: url.hostname, port: Number(url.port) });
    for (const redis of [{ host: url.hostname, port: Number(url.port) }, client]) {
      const app = await startApp(appModule({ ...optionsFor('redis'), redis }, ['a'], { providers: [Echo] }));
      expect(await (await queueOf(app, 'a').add('echo', 'x')).result()).toBe('x');
      await app.close();
    }
    expect(await client.ping()).toBe('PONG');
    await client.quit();
  });
});

@Injectable()
class Prices {
  looked = 0;
  @Cacheable({ key: (plan) => `price:${plan}`, ttl: '1m' })
  async of(plan: string): Promise<number> {
    this.looked++;
    return plan.length;
  }
}

describe.each(ENGINES)('cache and locks on the %s engine', (engine) => {
  it('are provided, and @Cacheable finds its application', async () => {
    const module = () => appModule(optionsFor(engine), [], { providers: [Prices] });
    const [one, two] = [await startApp(module()), await startApp(module())];
    for (const app of [one, two]) {
      const prices = app.get(Prices);
      expect([await prices.of('abc'), await prices.of('abc')]).toEqual([3, 3]);
      expect(prices.looked).toBe(1);
      expect(await app.get(CacheService).get('price:abc')).toBe(3);
    }
    expect(await one.get(LockService).run('key', { ttl: '5s' }, (lock) => lock.fencingToken > 0)).toBe(true);
  });
});

describe('two applications in one process', () => {
  it('have each their own queues', async () => {
    const module = () => appModule(optionsFor('embedded'), ['a'], { providers: [Echo] });
    const [one, two] = [await startApp(module()), await startApp(module())];
    const task = await queueOf(one, 'a').add('echo', 'x', { id: 'same' });
    expect(await task.result()).toBe('x');
    expect(await queueOf(two, 'a').get('same')).toBeUndefined();
  });
});
