import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheFilter } from '../../../lib/cache/filter/cache.filter.js';
import { counter, never, scene, type Scene } from './cache.scene.js';

let at: Scene;
let asked: string[];
const filter: CacheFilter = {
  mightContain: async (key) => {
    asked.push(key);
    return key.startsWith('known');
  },
};
beforeEach(() => {
  at = scene();
  asked = [];
});

describe('a filter', () => {
  it('makes null of a key that it does not know: no factory, nothing stored', async () => {
    expect(await at.cache.getOrSet('strange', never, { filter })).toBeNull();
    expect(await at.cache.has('strange')).toBe(false);
    expect(at.cache.stats()).toMatchObject({ misses: 1, factoryCalls: 0 });
  });

  it('lets a key through that it may know', async () => {
    const factory = counter();

    expect(await at.cache.getOrSet('known', factory, { filter })).toBe(1);
    expect(await at.cache.getOrSet('known', factory, { filter })).toBe(1);
    expect(asked).toEqual(['known']);
  });

  it('does not hide what is stored', async () => {
    await at.cache.set('strange', 'stored');

    expect(await at.cache.getOrSet('strange', never, { filter })).toBe('stored');
    expect(await at.cache.getOrSetMany(['strange'], never, { filter })).toEqual(['stored']);
  });

  it('spares the factory of many those keys that it does not know', async () => {
    const calls: (readonly string[])[] = [];
    const factory = (keys: readonly string[]): string[] => {
      calls.push(keys);
      return keys.map((key) => `made ${key}`);
    };

    expect(await at.cache.getOrSetMany(['known 1', 'x', 'known 2', 'x'], factory, { filter })).toEqual([
      'made known 1',
      null,
      'made known 2',
      null,
    ]);
    expect(await at.cache.getOrSetMany(['x', 'y'], never, { filter })).toEqual([null, null]);
    expect(calls).toEqual([['known 1', 'known 2']]);
  });

  it('of the cache says of what was never added that it can not be', async () => {
    const ids = at.cache.filter('ids', { capacity: 1_000 });
    expect(await at.cache.getOrSet('7', () => 'made', { filter: ids })).toBe('made');
    await ids.rebuild(['1', '2']);

    expect(await at.cache.getOrSet('1', () => 'made', { filter: ids })).toBe('made');
    expect(await at.cache.getOrSet('nobody', never, { filter: ids })).toBeNull();
  });
});
