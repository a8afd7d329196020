import { describe, expect, it } from '@jest/globals';
import { Kitchen, scene } from '../unit/cache/cache.scene.js';
import { eventually } from '../support/eventually.js';

describe('who waits for another process, and finds something that is stale', () => {
  it('makes the value then', async () => {
    const { cache, another } = scene();
    const other = another().cache;
    const held = new Kitchen();
    const first = cache.getOrSet('key', held.factory);
    await held.busy;
    const waiting = other.getOrSet('key', () => 'new');
    // It waits once it has asked, and been told of the other one.
    await eventually(() => expect(other.stats().misses).toBe(1));
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();

    // At once, so that nobody sees it while it is fresh.
    const setting = cache.set('key', 'stale', { ttl: '1m', grace: '1h' });
    const expiring = cache.expire('key', 0);

    expect(await waiting).toBe('new');
    await Promise.all([setting, expiring]);
    held.serve('old');
    expect(await first).toBe('old');
    expect(await cache.get('key')).toBe('new');
  });
});
