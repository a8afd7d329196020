import { describe, expect, it } from '@jest/globals';
import {
  Injectable,
  Module,
  type DynamicModule,
  type INestApplicationContext,
  type Type,
} from '@nestjs/common';
import {
  CacheRegistry,
  CacheService,
  DepotConfigError,
  DepotModule,
  getCacheToken,
  InjectCache,
  type CacheOptions,
  type DepotOptions,
  type NamedCacheOptions,
} from 'nestjs-depot';
import { closeApp, ENGINES, optionsFor, signal, startApp } from '../support/app.js';
import { refused, type Anything } from './fixtures/refused.js';

const MINUTE = 60_000;

/** The module of an application that has the depot and these. */
function moduleOf(
  depot: DepotOptions,
  imports: readonly DynamicModule[],
  providers: readonly Type[] = [],
): Type {
  class AppModule {}
  Module({ imports: [DepotModule.forRoot(depot), ...imports], providers: [...providers] })(AppModule);
  return AppModule;
}

const cacheOf = (app: INestApplicationContext, name: string): CacheService =>
  app.get<CacheService>(getCacheToken(name));

const register = (options: Anything): DynamicModule =>
  DepotModule.registerCache(options as unknown as NamedCacheOptions);

describe.each(ENGINES)('a cache of an application on %s', (engine) => {
  const embedded = (cache: CacheOptions = {}): DepotOptions => optionsFor(engine, { cache });

  it('is injected by its name, beside the default one', async () => {
    @Injectable()
    class Shop {
      constructor(
        readonly cache: CacheService,
        @InjectCache('rates') readonly rates: CacheService,
        @InjectCache('default') readonly same: CacheService,
      ) {}
    }
    const app = await startApp(moduleOf(embedded(), [DepotModule.registerCache({ name: 'rates' })], [Shop]));
    const { cache, rates, same } = app.get(Shop);
    await cache.set('k', 'default');
    await rates.set('k', 'rates');

    expect([cache.name, rates.name]).toEqual(['default', 'rates']);
    expect(same).toBe(cache);
    expect(await cache.get('k')).toBe('default');
    expect(await rates.get('k')).toBe('rates');
    expect(app.get(CacheRegistry).get('rates')).toBe(rates);
    expect(app.get(CacheRegistry).names).toEqual(['default', 'rates']);
  });

  it('has what it does not say from forRoot', async () => {
    const rates = DepotModule.registerCache({ name: 'rates', nullTtl: '1m' });
    const app = await startApp(moduleOf(embedded({ ttl: '1h', values: 'frozen' }), [rates]));
    const cache = cacheOf(app, 'rates');
    await cache.set('a', { n: 1 });
    await cache.set('b', null);
    const [a = 0, b = 0] = [await cache.ttl('a'), await cache.ttl('b')];

    expect(Object.isFrozen(await cache.get('a'))).toBe(true);
    expect([a > 59 * MINUTE && a <= 60 * MINUTE, b > 0.9 * MINUTE && b <= MINUTE]).toEqual([true, true]);
  });

  it('has options from other providers with registerCacheAsync', async () => {
    @Module({ providers: [{ provide: 'TTL', useValue: '2h' }], exports: ['TTL'] })
    class ConfigModule {}
    const rates = DepotModule.registerCacheAsync({
      name: 'rates',
      imports: [ConfigModule],
      inject: ['TTL'],
      useFactory: async (ttl: '2h') => ({ ttl }),
    });
    const app = await startApp(moduleOf(embedded(), [rates]));
    await cacheOf(app, 'rates').set('k', 1);
    const ttl = (await cacheOf(app, 'rates').ttl('k')) ?? 0;

    expect(ttl).toBeGreaterThan(119 * MINUTE);
    expect(ttl).toBeLessThanOrEqual(120 * MINUTE);
  });

  it('may be registered twice with the same options', async () => {
    const twice = [1, 2].map(() => DepotModule.registerCache({ name: 'rates', ttl: '1m' }));
    const app = await startApp(moduleOf(embedded(), twice));

    expect(await cacheOf(app, 'rates').set('k', 1)).toBe(true);
  });

  it('answers what is under way when the application closes: signals abort, and nothing hangs', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const app = await startApp(moduleOf(embedded(), []));
    const cache = app.get(CacheService);
    const running = signal<AbortSignal>();
    const late = signal<string>();
    const obedient = cache.getOrSet('a', ({ signal: stop }) => {
      return new Promise((_, reject) => {
        stop.addEventListener('abort', () => reject(new Error('stopped')));
      });
    });
    const stubborn = cache.getOrSet('b', (context) => {
      running.give(context.signal);
      return late.given;
    });
    const stopped = expect(obedient).rejects.toThrow('stopped');
    const stop = await running.given;
    await closeApp(app);
    await stopped;

    expect(stop.aborted).toBe(true);
    late.give('late');
    expect(await stubborn).toBe('late');
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('is readable until the very end of the application', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Shop {
      constructor(private readonly cache: CacheService) {}
      async onModuleDestroy(): Promise<void> {
        await this.cache.set('k', 'end');
      }
      async beforeApplicationShutdown(): Promise<void> {
        seen.push(await this.cache.get('k'));
      }
    }
    await closeApp(await startApp(moduleOf(embedded(), [], [Shop])));

    expect(seen).toEqual(['end']);
  });
});

describe('two applications in one process', () => {
  it('on the embedded engine have caches of their own', async () => {
    const [one, other] = await Promise.all([1, 2].map(() => startApp(moduleOf(optionsFor('embedded'), []))));
    await one?.get(CacheService).set('k', 1);

    expect(await other?.get(CacheService).get('k')).toBeUndefined();
  });
});

describe('an option of DepotModule.registerCache', () => {
  const DEPOT: DepotOptions = { logger: false };

  it.each<[Anything, string]>([
    [{ name: 'rates', ttl: '5 m' }, 'cache \'rates\'.ttl is "5 m"; expected a number of milliseconds'],
    [{ name: 'rates', size: 5 }, "cache 'rates' has no option 'size'; there are: ttl, nullTtl"],
    [{ name: 'rates', memory: { max: 0 } }, "cache 'rates'.memory.max is 0; expected a whole number from 1"],
    [{ name: 'rates', store: 'redis' }, "cache 'rates'.store is \"redis\"; expected 'engine' or 'memory'"],
    [{ name: 'default' }, "cache 'default' has its options in DepotModule.forRoot, as cache"],
    [{ name: 'a b' }, 'DepotModule.registerCache: name is "a b"; expected 1 to 128 characters'],
    [{ name: '{a}' }, 'DepotModule.registerCache: name is "{a}"; expected 1 to 128 characters'],
    [{ ttl: 5 }, 'DepotModule.registerCache: name is undefined; expected 1 to 128 characters'],
  ])('%j is refused by name, value and what is expected', async (options, message) => {
    await refused(() => moduleOf(DEPOT, [register(options)]), message);
  });

  it('that differs from what the same name was registered with is refused', async () => {
    const twice = [1, 2].map((ttl) => DepotModule.registerCache({ name: 'rates', ttl }));

    await refused(() => moduleOf(DEPOT, twice), "cache 'rates' is registered twice with different options");
  });

  it('is refused when it comes from a factory, too', async () => {
    const rates = DepotModule.registerCacheAsync({ name: 'rates', useFactory: () => ({ ttl: -1 }) });

    await refused(() => moduleOf(DEPOT, [rates]), "cache 'rates'.ttl is -1; expected");
  });
});

describe('a name that no cache was registered with', () => {
  it('is an error at start-up where it is injected, and by the registry', async () => {
    @Injectable()
    class Shop {
      constructor(@InjectCache('rats') readonly rates: CacheService) {}
    }
    await expect(startApp(moduleOf({ logger: false }, [], [Shop]))).rejects.toThrow('depot:cache:rats');
    const app = await startApp(moduleOf({ logger: false }, [DepotModule.registerCache({ name: 'rates' })]));

    expect(() => app.get(CacheRegistry).get('rats')).toThrow(
      'cache "rats" is not registered; there are: default, rates',
    );
    expect(() => app.get(CacheRegistry).get('rats')).toThrow(DepotConfigError);
  });
});
