import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { Redis } from 'ioredis';
import { CacheService, DepotModule } from 'nestjs-depot';
import { startApplication } from '../acceptance/application.js';
import { clientBy } from '../processes/cache-client.js';
import { Deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { RedisMonitor } from '../support/redis-monitor.js';
import { sharedRedisUrl } from '../support/shared-redis.js';

const LATE_MS = 150;
const TAG = 'list';
const DAY_MS = 86_400_000;

/** Two applications, one of which can be made to wait for the answers of Redis, but not for what it tells. */
describe('epochs that several processes know', () => {
  let link: TcpProxy;
  let apps: INestApplicationContext[];
  let late: CacheService;
  let other: CacheService;
  let redis: Redis;
  let namespace: string;

  beforeEach(async () => {
    const url = sharedRedisUrl();
    const port = Number(new URL(url).port);
    link = await startProxy({ port });
    namespace = uniqueNamespace('epochs');
    redis = new Redis(url);
    const options = { namespace, workers: 'none', connection: { cacheTimeout: '5s' } } as const;
    apps = await Promise.all(
      [clientBy({ link: link.port, feed: port }), url].map((way) =>
        startApplication(DepotModule.forRoot({ ...options, redis: way })),
      ),
    );
    [late, other] = apps.map((app) => app.get(CacheService)) as [CacheService, CacheService];
  });

  afterEach(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await redis.quit();
    await link.close();
  });

  const epoch = (): string => `${namespace}:cache:default#tag:${TAG}`;

  it('are not those from before a change, though they are told later', async () => {
    await other.set('told', 1);
    await eventually(async () => {
      await late.get('told');
      expect(late.peek('told')).toBe(1);
    });
    await other.set('key', 'old', { tags: [TAG] });
    const asked = new Deferred<void>();
    using _ = await RedisMonitor.open(sharedRedisUrl(), (args) => {
      if (args[0]?.toLowerCase() === 'mget' && args.includes(epoch())) asked.resolve();
    });
    link.delay(LATE_MS);

    // Its answer is on its way while another process invalidates the tag, and comes after the news of that.
    const reading = late.get('key');
    await asked.promise;
    await other.invalidateTags(TAG);
    await reading;

    link.restore();
    expect(await late.get('key')).toBeUndefined();
  });

  it.each([
    ['a process that knows them', (): CacheService => other],
    ['one that does not', (): CacheService => late],
  ])('live as long as what is stamped with them, by %s', async (_, by) => {
    await other.set('short', 1, { ttl: '1m', tags: [TAG] });

    for (const ttl of ['30d', Number.POSITIVE_INFINITY] as const) {
      await by().set('long', 1, { ttl, tags: [TAG] });
      const [space, tag] = await Promise.all(
        [`${namespace}:cache:default#`, epoch()].map((key) => redis.pttl(key)),
      );
      for (const left of [space, tag]) {
        if (ttl === '30d') expect(left).toBeGreaterThan(30 * DAY_MS - 60_000);
        else expect(left).toBe(-1);
      }
    }
  });
});
