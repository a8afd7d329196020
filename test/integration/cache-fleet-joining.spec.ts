import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { CacheService, DepotModule } from 'nestjs-depot';
import { startApplication } from '../acceptance/application.js';
import { Deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { sharedRedisUrl } from '../support/shared-redis.js';

const TAGS = ['list'];

/** A process that makes a value, and another one that knows it to be old before it is made. */
describe('who asks after another process has removed what is being made', () => {
  let apps: INestApplicationContext[];
  let making: CacheService;
  let other: CacheService;

  beforeEach(async () => {
    const options = { redis: sharedRedisUrl(), namespace: uniqueNamespace('join'), workers: 'none' } as const;
    const connection = { cacheTimeout: '2s' } as const;
    apps = await Promise.all(
      [1, 2].map(() => startApplication(DepotModule.forRoot({ ...options, connection }))),
    );
    [making, other] = apps.map((app) => app.get(CacheService)) as [CacheService, CacheService];
  });

  /** Asks for something, so that its process is told of changes. */
  async function isTold(): Promise<void> {
    await other.set('told', 'of changes');
    await eventually(async () => {
      await making.get('told');
      expect(making.peek('told')).toBe('of changes');
    });
  }

  afterEach(() => Promise.all(apps.map((app) => app.close())));

  it('nor is it stored after something that has expired by then', async () => {
    const begun = new Deferred<undefined>();
    const old = new Deferred<string>();
    const first = making.getOrSet('key', () => {
      begun.resolve(undefined);
      return old.promise;
    });
    await begun.promise;
    await other.set('key', 'soon gone', { ttl: 1 });
    await eventually(async () => expect(await other.get('key')).toBeUndefined());
    old.resolve('old');

    expect(await first).toBe('old');
    expect(await making.get('key')).toBeUndefined();
    expect(await other.get('key')).toBeUndefined();
  });

  const removals: [string, () => Promise<unknown>][] = [
    ['the key', () => other.delete('key')],
    ['the tag', () => other.invalidateTags('list')],
    ['the cache', () => other.clear()],
  ];

  it.each(removals)('does not get that: %s', async (_, remove) => {
    await isTold();
    await isOvertaken(remove);
  });

  it.each(removals)(
    'nor where the first thing that its process ever asked for is that: %s',
    async (_, remove) => {
      await isOvertaken(remove);
    },
  );

  async function isOvertaken(remove: () => Promise<unknown>): Promise<void> {
    const begun = new Deferred<undefined>();
    const old = new Deferred<string>();
    const factory = (): Promise<string> => {
      begun.resolve(undefined);
      return old.promise;
    };
    const first = making.getOrSet('key', factory, { tags: TAGS });
    await begun.promise;
    await remove();

    // Those who ask before it has heard of that join the first one.
    const found: string[] = [];
    await eventually(
      () => {
        void making.getOrSet('key', () => 'new', { tags: TAGS }).then((value) => found.push(value));
        expect(found).toContain('new');
      },
      { within: 3_000 },
    );
    old.resolve('old');

    expect(await first).toBe('old');
    expect(await making.get('key')).toBe('new');
    expect(await other.get('key')).toBe('new');
  }
});
