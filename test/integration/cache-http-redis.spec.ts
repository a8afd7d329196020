import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Res } from '@nestjs/common';
import type { DepotOptions } from 'nestjs-depot';
import { optionsFor } from '../support/app.js';
import { Deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { startHttp, type HttpApp, type Platform } from './cache-http.app.js';

@Injectable()
class Kitchen {
  calls = 0;
  wait: Promise<void> | undefined;
}

@Controller()
class CatsController {
  constructor(private readonly kitchen: Kitchen) {}

  @Get('cats')
  async cats() {
    const calls = ++this.kitchen.calls;
    await this.kitchen.wait;
    return { calls, born: new Date(0) };
  }

  @Get('cookie')
  async cookie(@Res({ passthrough: true }) response: { header(name: string, value: string): void }) {
    const calls = ++this.kitchen.calls;
    await this.kitchen.wait;
    response.header('Set-Cookie', 'for=one');
    return { calls };
  }
}

describe('CacheInterceptor on Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  const start = (platform: Platform, depot: DepotOptions): Promise<HttpApp> =>
    startHttp(platform, [CatsController], {
      depot,
      cache: { report: true, tags: ['cats'] },
      module: { providers: [Kitchen] },
    });

  /** Two applications that share the Redis, one of each platform. */
  async function two() {
    const depot = optionsFor('redis', { redis: redis.url });
    const one = await start('express', depot);
    const other = await start('fastify', depot);
    // As both are reached at other ports, they have other hosts.
    const host = { host: 'cats.example' };
    return {
      one,
      other,
      kitchens: [one.app.get(Kitchen), other.app.get(Kitchen)] as const,
      get: (http: HttpApp, path: string) => http.get(path, host),
    };
  }

  it('shares answers with other processes, and forgets them with the others', async () => {
    const { one, other, kitchens, get } = await two();
    const first = await get(one, '/cats');
    const again = await get(other, '/cats');
    expect([again.headers['x-cache'], again.text, again.headers.etag]).toEqual([
      'HIT',
      first.text,
      first.headers.etag,
    ]);
    await one.cache.invalidateTags('cats');
    await eventually(async () => expect((await get(other, '/cats')).headers['x-cache']).toBe('MISS'));
    expect(kitchens[1].calls).toBe(1);
  });

  it('runs one handler for all processes, and one for each request where the answer is private', async () => {
    const { one, other, kitchens, get } = await two();
    const [here, there] = kitchens;
    const gate = new Deferred<void>();
    here.wait = there.wait = gate.promise;
    const shared = get(one, '/cats');
    await eventually(() => expect(here.calls).toBe(1));
    const waiting = [get(one, '/cats'), get(other, '/cats')];
    gate.resolve();
    const texts = (await Promise.all([shared, ...waiting])).map(({ text }) => text);
    expect(new Set(texts).size).toBe(1);
    expect([here.calls, there.calls]).toEqual([1, 0]);

    const hold = new Deferred<void>();
    here.wait = hold.promise;
    const own = get(one, '/cookie');
    await eventually(() => expect(here.calls).toBe(2));
    const theirs = get(other, '/cookie');
    hold.resolve();
    const answers = [await own, await theirs];
    expect(answers.map(({ headers }) => headers['x-cache'])).toEqual(['PASS cookie', 'PASS cookie']);
    expect([here.calls, there.calls]).toEqual([2, 1]);
  });

  it('answers while Redis is away, and after it', async () => {
    const own = await startRedis();
    try {
      const http = await start('express', optionsFor('redis', { redis: own.url }));
      const kitchen = http.app.get(Kitchen);
      await own.kill();
      for (let calls = 1; calls <= 3; calls++) {
        const answer = await http.get(`/cats?${calls}`);
        expect([answer.status, kitchen.calls]).toEqual([200, calls]);
      }
      await own.start();
      await eventually(async () => {
        await http.get('/cats');
        expect((await http.get('/cats')).headers['x-cache']).toBe('HIT');
      });
    } finally {
      await own.stop();
    }
  });
});
