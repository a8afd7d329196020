import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { CacheService, DepotModule } from 'nestjs-depot';
import { setImmediate as turn } from 'node:timers/promises';
import { startApplication } from '../acceptance/application.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { sharedRedisUrl } from '../support/shared-redis.js';

const KEYS = 1_000;
/** One each. */
const PACE_MS = 0.5;
/** So long it goes on when Redis is used again. */
const AFTERWARDS_MS = 20;
/** By how much messages are late, so that what happens meanwhile can be of any moment. */
const DELAY_MS = 5;

const keyOf = (number: number): string => `key:${number}`;
const all = Array.from({ length: KEYS }, (_, number) => keyOf(number));

/** Two applications: one whose way to Redis breaks, and one that sees what becomes of it. */
describe('what was removed while Redis was out of reach', () => {
  let way: TcpProxy;
  let apps: INestApplicationContext[];
  let cut: CacheService;
  let other: CacheService;

  beforeEach(async () => {
    const url = sharedRedisUrl();
    way = await startProxy({ port: Number(new URL(url).port) });
    way.delay(DELAY_MS);
    const namespace = uniqueNamespace('cut');
    const connection = { cacheTimeout: '500ms' } as const;
    apps = await Promise.all(
      [way.urlOf(url), url].map((redis) =>
        startApplication(DepotModule.forRoot({ redis, namespace, connection, workers: 'none' })),
      ),
    );
    [cut, other] = apps.map((app) => app.get(CacheService)) as [CacheService, CacheService];
    await other.setMany(all.map((key) => [key, 'old']));
  });

  afterEach(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await way.close();
  });

  /** One after the other, from when the way is cut until it is used again, and some more. Returns what was removed. */
  async function throughTheOutage(remove: (key: string) => Promise<unknown>): Promise<readonly string[]> {
    let lastAt = Number.POSITIVE_INFINITY;
    cut.on('back', () => (lastAt = performance.now() + AFTERWARDS_MS));
    const removals: Promise<unknown>[] = [];
    way.cut();
    for (let next = performance.now(); next < lastAt && removals.length < KEYS; next += PACE_MS) {
      while (performance.now() < next) await turn();
      removals.push(remove(keyOf(removals.length)));
    }
    await Promise.all(removals);
    await eventually(async () => expect(await cut.set('it is', 'back')).toBe(true));
    return all.slice(0, removals.length);
  }

  it('is gone once it is back, whenever it was removed', async () => {
    const removed = await throughTheOutage((key) => cut.delete(key));

    expect((await other.getMany(removed)).filter((value) => value !== undefined)).toEqual([]);
  });

  it('and so is what was to be replaced', async () => {
    const removed = await throughTheOutage((key) => cut.set(key, 'new'));

    expect((await other.getMany(removed)).filter((value) => value === 'old')).toEqual([]);
  });

  it('and what was invalidated', async () => {
    const tagged = async (key: string): Promise<unknown> => other.set(key, 'old', { tags: [`tag ${key}`] });
    await Promise.all(all.map(tagged));

    const removed = await throughTheOutage((key) => cut.invalidateTags(`tag ${key}`));

    expect((await other.getMany(removed)).filter((value) => value !== undefined)).toEqual([]);
  });
});
