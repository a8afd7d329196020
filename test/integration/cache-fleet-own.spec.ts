import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { CacheService, DepotModule } from 'nestjs-depot';
import { startApplication } from '../acceptance/application.js';
import { clientBy } from '../processes/cache-client.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { sharedRedisUrl } from '../support/shared-redis.js';

const TAG = 'list';

/** An application whose news of changes come late: it knows of its own all the same. */
describe('what a process has done itself', () => {
  let link: TcpProxy;
  let feed: TcpProxy;
  let app: INestApplicationContext;
  let cache: CacheService;

  beforeEach(async () => {
    const { port } = new URL(sharedRedisUrl());
    [link, feed] = await Promise.all([
      startProxy({ port: Number(port) }),
      startProxy({ port: Number(port) }),
    ]);
    link.delay(5);
    feed.delay(100);
    app = await startApplication(
      DepotModule.forRoot({
        redis: clientBy({ link: link.port, feed: feed.port }),
        namespace: uniqueNamespace('own'),
        workers: 'none',
        connection: { cacheTimeout: '2s' },
      }),
    );
    cache = app.get(CacheService);
    // Their own changes, of which they are told late, are over once both stay in memory.
    await cache.set('one', 'old', { tags: [TAG] });
    await cache.set('other', 'old', { tags: [TAG] });
    await eventually(async () => {
      await cache.get('one');
      expect(cache.peek('one')).toBe('old');
    });
  });

  afterEach(async () => {
    await app.close();
    await Promise.all([link.close(), feed.close()]);
  });

  it.each([
    ['a tag', (): Promise<unknown> => cache.invalidateTags(TAG)],
    ['the cache', (): Promise<unknown> => cache.clear()],
  ])('it knows of at once: %s, whatever was asked for meanwhile', async (_, invalidate) => {
    // Epochs that it has to ask for hold up what is called later, but not what is asked for by a read that was sent before.
    const reading = cache.get('other');
    const setting = cache.set('another', 1, { tags: ['unknown'] });
    await invalidate();

    expect(cache.peek('one')).toBeUndefined();
    expect(await cache.get('one')).toBeUndefined();
    await Promise.all([reading, setting]);
  });
});
