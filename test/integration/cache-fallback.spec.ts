import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { CacheService, DepotModule, getCacheToken } from 'nestjs-depot';
import { startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

describe('a cache that falls back on another Redis, and then on memory', () => {
  let main: RedisServer;
  let second: RedisServer;

  beforeAll(async () => {
    [main, second] = await Promise.all([startRedis(), startRedis()]);
  });
  afterAll(() => Promise.all([main.stop(), second.stop()]));

  async function start(namespace: string): Promise<INestApplicationContext> {
    const fallback = [{ redis: second.url }, 'memory'] as const;
    @Module({
      imports: [
        DepotModule.forRoot({ redis: main.url, namespace, logger: false, cache: { fallback } }),
        DepotModule.registerCache({ name: 'rates', memory: false }),
        DepotModule.registerCache({ name: 'alone', fallback: [] }),
      ],
    })
    class AppModule {}
    return startApp(AppModule);
  }

  it('is served by whichever is there, and by the first one again once that is back', async () => {
    const namespace = uniqueNamespace();
    const [app, another] = [await start(namespace), await start(namespace)];
    const [cache, elsewhere] = [app.get(CacheService), another.get(CacheService)];
    const rates = app.get<CacheService>(getCacheToken('rates'));
    const alone = app.get<CacheService>(getCacheToken('alone'));
    await cache.set('k', 'before');

    await main.kill();
    expect(await cache.set('j', 'meanwhile')).toBe(false);
    expect(await rates.getOrSet('r', () => 1)).toBe(1);
    expect(await rates.getOrSet('r', () => 2)).toBe(1);
    expect(await alone.getOrSet('r', () => 1)).toBe(1);
    expect(await alone.getOrSet('r', () => 2)).toBe(2);
    // The second Redis is one for all processes.
    await eventually(async () => expect(await elsewhere.get('j')).toBe('meanwhile'));

    await second.kill();
    expect(await rates.getOrSet('r', () => 3)).toBe(3);
    expect(await rates.getOrSet('r', () => 4)).toBe(3);

    await main.start();
    await eventually(async () => expect(await cache.set('k', 'after')).toBe(true));
    expect(await cache.get('j')).toBeUndefined();
    await eventually(async () => expect(await elsewhere.get('k')).toBe('after'));
    await eventually(async () => expect(await rates.getOrSet('r', () => 5)).toBe(5));
  });

  it('starts without what it would only fall back on', async () => {
    await second.kill();
    await main.start();
    const app = await start(uniqueNamespace());
    await app.get(CacheService).set('k', 1);

    expect(await app.get(CacheService).get('k')).toBe(1);
  });
});
