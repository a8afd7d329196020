import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheStore } from '../../lib/cache/cache.store.js';
import { eventually } from '../support/eventually.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { sharedRedisUrl } from '../support/shared-redis.js';
import { entry, keyed, leaseOf, put, valueAt } from './cache-store.scene.js';
import { MEMORY, RedisCacheFixture } from './redis-cache.bench.js';

/** Connected and trusted, and what it tells has not arrived yet. */
describe('a process that has not heard yet', () => {
  let fixture: RedisCacheFixture;
  let proxy: TcpProxy;
  let store: CacheStore;
  let other: CacheStore;

  beforeEach(async () => {
    const url = new URL(sharedRedisUrl());
    proxy = await startProxy({ port: Number(url.port) });
    fixture = new RedisCacheFixture();
    await fixture.start();
    store = (await fixture.process({ feedUrl: proxy.urlOf(url.href) })).engine.open('c', MEMORY);
    other = (await fixture.process()).engine.open('c', undefined);
    await store.write([keyed('k', 'old', { tags: ['t'] }), keyed('far', 'old', { tags: ['t'] })]);
    await eventually(async () => {
      await store.read('k');
      expect(store.peek('k')).toBeDefined();
    });
    proxy.blackhole();
  });
  afterEach(async () => {
    proxy.restore();
    await fixture.close();
    await proxy.close();
  });

  const ways: [string, (by: CacheStore) => Promise<unknown>][] = [
    ['the cache', (by) => by.invalidate()],
    ['a tag', (by) => by.invalidateTags(['t'])],
    ['a key', (by) => by.delete(['new', 'k', 'far'])],
    ['keys that match', (by) => by.deleteMatching('*')],
  ];

  it.each(ways)('stores nothing that was overtaken when another one removed %s', async (_what, remove) => {
    const leases = [
      await leaseOf(store, 'new', { tags: ['t'] }),
      await leaseOf(store.namespace('n'), 'new', { lateTags: true }),
    ];
    await remove(other);
    await other.namespace('n').deleteMatching('*');

    for (const lease of leases) expect(await lease.fill(entry('made', { tags: ['t'] }))).toBe(false);
    expect(await other.read('new')).toBeUndefined();
    expect(await other.namespace('n').read('new')).toBeUndefined();
  });

  it.each(ways)(
    'has nothing of what it has removed itself, after another one has removed %s',
    async (_, remove) => {
      await remove(other);
      await remove(store);

      for (const key of ['k', 'far']) {
        expect(store.peek(key)).toBeUndefined();
        expect(await store.read(key)).toBeUndefined();
      }
    },
  );

  it.each(ways)(
    'stores nothing that lasts with a tag that it learns of too late: %s',
    async (_what, remove) => {
      const lease = await leaseOf(store, 'late', { lateTags: true });
      await other.invalidateTags(['t']);
      await remove(other);

      expect(await lease.fill(entry('made', { tags: ['t'] }))).toBe(false);
      expect(await other.read('late')).toBeUndefined();
    },
  );

  it('reads from Redis what it does not have, the cache as it is now', async () => {
    await other.invalidate();
    expect(await store.read('far')).toBeUndefined();
    await put(other, 'far', 'new');
    expect(await valueAt(store, 'far')).toBe('new');
  });
});
