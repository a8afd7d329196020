import { beforeEach, describe, expect, it } from '@jest/globals';
import { DepotConfigError, EngineReplyError } from '../../../lib/common/errors.js';
import { MINUTE, scene, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene()));

describe('set', () => {
  it('says that it is stored, and replaces what was there with all that belongs to it', async () => {
    await at.cache.set('k', 1, { ttl: '1h', tags: ['old'] });

    expect(await at.cache.set('k', 2, { ttl: '1m', tags: ['new'] })).toBe(true);
    expect(await at.cache.ttl('k')).toBe(MINUTE);
    await at.cache.invalidateTags('old');
    expect(await at.cache.get('k')).toBe(2);
    await at.cache.invalidateTags('new');
    expect(await at.cache.get('k')).toBeUndefined();
  });

  it('may have tags that are named as anything may be', async () => {
    const tags = ['__proto__', '1:a', '#', 'x'.repeat(1_024), '{t}', '💥'];
    for (const tag of tags) {
      await at.cache.set('k', 1, { tags: [tag] });
      await at.cache.invalidateTags(tags.filter((other) => other !== tag));
      expect(await at.cache.has('k')).toBe(true);
      await at.cache.invalidateTags(tag);
      expect(await at.cache.has('k')).toBe(false);
    }
  });

  it.each(['t', [''], [7], ['x'.repeat(1_025)], null, {}])('refuses %j as tags', async (tags) => {
    const bad = tags as string[];
    await at.cache.set('k', 'old');

    await expect(at.cache.set('k', 1, { tags: bad })).rejects.toThrow(DepotConfigError);
    await expect(at.cache.getOrSet('j', () => 1, { tags: bad })).rejects.toThrow(DepotConfigError);
    await expect(at.cache.getOrSet('j', () => 1, { tags: () => bad })).rejects.toThrow(DepotConfigError);
    expect(await at.cache.get('k')).toBe('old');
    expect(await at.cache.has('j')).toBe(false);
  });
});

describe('delete', () => {
  it('says whether there was a value, fresh or stale', async () => {
    await at.cache.set('k', undefined);
    expect(await at.cache.delete('k')).toBe(false);
    await at.cache.set('k', null);
    expect(await at.cache.delete('k')).toBe(true);
    expect(await at.cache.delete('k')).toBe(false);
    await at.cache.set('k', 1, { ttl: 10, grace: '1h' });
    at.clock.jump(10);
    expect(await at.cache.delete('k')).toBe(true);
  });

  it('leaves nothing that could be served stale', async () => {
    await at.cache.set('k', 'old', { ttl: 10, grace: '1h' });
    at.clock.jump(10);
    await at.cache.delete('k');

    expect(await at.cache.getOrSet('k', () => 'new', { grace: '1h' })).toBe('new');
  });
});

describe('increment', () => {
  it('counts from 0, up and down', async () => {
    expect(await at.cache.increment('n')).toBe(1);
    expect(await at.cache.increment('n', 5)).toBe(6);
    expect(await at.cache.increment('n', -7)).toBe(-1);
    expect(await at.cache.get('n')).toBe(-1);
  });

  it('has the ttl of its first time', async () => {
    await at.cache.increment('n', 1, { ttl: 10 });
    at.clock.jump(6);
    await at.cache.increment('n', 1, { ttl: '1h' });

    expect(await at.cache.ttl('n')).toBe(4);
    at.clock.jump(4);
    expect(await at.cache.increment('n')).toBe(1);
    expect(await at.cache.ttl('n')).toBe(5 * MINUTE);
  });

  it('does not go on from what is stale', async () => {
    await at.cache.set('n', 41, { ttl: 10, grace: '1h' });
    at.clock.jump(10);

    expect(await at.cache.increment('n')).toBe(1);
  });

  it('goes on from a number that was set', async () => {
    await at.cache.set('n', 41.5);

    expect(await at.cache.increment('n')).toBe(42.5);
  });

  it('loses none, however many count at once', async () => {
    const sums = await Promise.all(Array.from({ length: 100 }, () => at.cache.increment('n')));

    expect(new Set(sums).size).toBe(100);
    expect(await at.cache.get('n')).toBe(100);
  });

  it.each([null, 'x', '5', {}, 5n, true])('refuses to add to %p, and leaves it', async (value) => {
    await at.cache.set('n', value);

    await expect(at.cache.increment('n')).rejects.toThrow(EngineReplyError);
    expect(await at.cache.get('n')).toEqual(value);
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', 2 ** 53])('refuses to add %p', async (by) => {
    const added = at.cache.increment('n', by as number);

    await expect(added).rejects.toThrow(DepotConfigError);
    await expect(added).rejects.toThrow(/^increment "n" by .*; expected a whole number$/);
    expect(await at.cache.has('n')).toBe(false);
  });

  it('refuses a ttl of 0, which could not count', async () => {
    await expect(at.cache.increment('n', 1, { ttl: 0 })).rejects.toThrow(
      'ttl of increment "n" is 0; expected more',
    );
    at = scene({ ttl: 0 });
    await expect(at.cache.increment('n')).rejects.toThrow(DepotConfigError);
  });
});

describe('deletePattern', () => {
  beforeEach(async () => {
    await at.cache.setMany(
      ['user:1', 'user:2', 'user:22', 'User:1', 'a*c', 'abc', 'a\\c'].map((key) => [key, 1]),
    );
  });

  it.each([
    ['user:*', 3],
    ['user:?', 2],
    ['*', 7],
    ['user:[12]', 2],
    ['[^u]ser:*', 1],
    ['user:[2-9]*', 2],
    ['a\\*c', 1],
    ['a?c', 3],
    ['user', 0],
    ['nobody*', 0],
  ])('%s removes %d', async (pattern, count) => {
    expect(await at.cache.deletePattern(pattern)).toBe(count);
    expect(await at.cache.deletePattern(pattern)).toBe(0);
    expect(await at.cache.deletePattern('*')).toBe(7 - count);
  });

  it('does not count what has expired', async () => {
    at.clock.jump(5 * MINUTE);

    expect(await at.cache.deletePattern('*')).toBe(0);
  });

  it.each(['', 7, undefined, 'x'.repeat(1_025)])('refuses %p', async (pattern) => {
    await expect(at.cache.deletePattern(pattern as string)).rejects.toThrow(DepotConfigError);
  });
});

describe('invalidateTags', () => {
  it('takes tags one by one or in arrays; none at all is nothing', async () => {
    await at.cache.set('a', 1, { tags: ['a', 'all'] });
    await at.cache.set('b', 1, { tags: ['b', 'all'] });
    await at.cache.set('c', 1);

    await at.cache.invalidateTags();
    await at.cache.invalidateTags([]);
    expect(await at.cache.getMany(['a', 'b', 'c'])).toEqual([1, 1, 1]);
    await at.cache.invalidateTags('x', ['y', 'b']);
    expect(await at.cache.getMany(['a', 'b', 'c'])).toEqual([1, undefined, 1]);
    await at.cache.invalidateTags('all');
    expect(await at.cache.getMany(['a', 'b', 'c'])).toEqual([undefined, undefined, 1]);
  });

  it('does not touch what is stored later, nor serve the old value stale', async () => {
    await at.cache.set('k', 'old', { tags: ['t'], grace: '1h' });
    await at.cache.invalidateTags('t');

    expect(await at.cache.getOrSet('k', () => 'new', { tags: ['t'], grace: '1h' })).toBe('new');
    expect(await at.cache.get('k')).toBe('new');
  });

  it.each([[''], [7], [['x', null]]])('refuses %j', async (tag) => {
    await expect(at.cache.invalidateTags(tag as unknown as string)).rejects.toThrow(DepotConfigError);
  });
});
