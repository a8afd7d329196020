import { beforeEach, describe, expect, it } from '@jest/globals';
import { CacheNamespace } from '../../../lib/cache/cache.service.js';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { never, scene, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene()));

describe('a namespace', () => {
  it('has keys of its own, apart from the cache, other namespaces and those in it', async () => {
    const spaces = [
      at.cache,
      at.cache.namespace('a'),
      at.cache.namespace('b'),
      at.cache.namespace('a').namespace('b'),
      at.cache.namespace('b').namespace('a'),
      at.cache.namespace('a').namespace('a'),
    ];
    for (const [n, space] of spaces.entries()) await space.set('k', n);

    expect(await Promise.all(spaces.map((space) => space.get('k')))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await at.cache.namespace('a').deletePattern('*')).toBe(1);
    await at.cache.namespace('b').delete('k');
    expect(await Promise.all(spaces.map((space) => space.has('k')))).toEqual([
      true,
      false,
      false,
      true,
      true,
      true,
    ]);
  });

  it('is the same for everybody who names it', async () => {
    await at.cache.namespace('a').set('k', 1);

    expect(await at.cache.namespace('a').get('k')).toBe(1);
    expect(await at.another().cache.namespace('a').get('k')).toBe(1);
    expect(at.cache.namespace('a')).toBeInstanceOf(CacheNamespace);
    expect(at.cache.namespace('a').name).toBe('default');
  });

  it('is dropped as a whole, with those in it, and nothing else; stale values, too', async () => {
    const inner = at.cache.namespace('a').namespace('x');
    const spaces = [at.cache, at.cache.namespace('b'), at.cache.namespace('x'), at.cache.namespace('aa')];
    for (const space of [at.cache.namespace('a'), inner, ...spaces])
      await space.set('k', 'old', { ttl: 10, grace: '1h' });
    await at.cache.namespace('a').invalidate();

    expect(await at.cache.namespace('a').has('k')).toBe(false);
    expect(await inner.has('k')).toBe(false);
    for (const space of spaces) expect(await space.get('k')).toBe('old');
    at.clock.jump(10);
    expect(await inner.getOrSet('k', () => 'new', { grace: '1h' })).toBe('new');
    expect(await at.cache.namespace('b').getOrSet('k', () => 'new', { grace: '1h' })).toBe('old');
  });

  it('can be used again as soon as it was dropped, as often as one likes', async () => {
    const space = at.cache.namespace('a');
    for (const n of [1, 2, 3]) {
      expect(await space.getOrSet('k', () => n)).toBe(n);
      expect(await space.getOrSet('k', never)).toBe(n);
      await space.invalidate();
      expect(await space.has('k')).toBe(false);
      await space.set('k', n);
      expect(await space.get('k')).toBe(n);
      await space.clear();
    }
  });

  it('goes with the cache when that is cleared', async () => {
    const inner = at.cache.namespace('a').namespace('b');
    await inner.set('k', 1);
    await at.cache.clear();

    expect(await inner.has('k')).toBe(false);
  });

  it('shares the tags of the cache, in whatever namespace they are invalidated', async () => {
    await at.cache.set('k', 1, { tags: ['t'] });
    await at.cache.namespace('a').set('k', 1, { tags: ['t'] });
    await at.cache.namespace('a').set('j', 1, { tags: ['u'] });
    await at.cache.namespace('b').invalidateTags('t');

    expect([await at.cache.has('k'), await at.cache.namespace('a').has('k')]).toEqual([false, false]);
    expect(await at.cache.namespace('a').has('j')).toBe(true);
  });

  it.each(
    [
      'a/b',
      'a:b',
      '1:a',
      '',
      '\0',
      '{x}',
      '%2F',
      '#tag:t',
      '💥',
      '__proto__',
      'constructor',
      ' ',
      'x'.repeat(128),
    ].filter((name) => name !== ''),
  )('may be called %p, and is no other one', async (name) => {
    const space = at.cache.namespace(name);
    const others = [
      at.cache,
      at.cache.namespace('a'),
      at.cache.namespace('a').namespace('b'),
      space.namespace(name),
    ];
    await space.set('k', 'mine');
    for (const other of others) expect(await other.has('k')).toBe(false);
    for (const other of others) await other.set('k', 'other');
    await space.invalidate();

    expect(await space.has('k')).toBe(false);
    for (const other of others.slice(0, 3)) expect(await other.has('k')).toBe(true);
    expect(await space.namespace(name).has('k')).toBe(false);
  });

  it('is not found by a key of the cache that looks like it', async () => {
    await at.cache.namespace('a').set('k', 1);
    for (const key of ['a:k', 'a/k', '1:a\0k', '\x001:a\0k', '\0\x001:a\0k']) {
      expect(await at.cache.has(key)).toBe(false);
      await at.cache.set(key, 2);
    }

    expect(await at.cache.namespace('a').get('k')).toBe(1);
  });

  it.each([
    ['', /namespace is empty/],
    [7, /namespace is 7/],
    [undefined, /namespace is undefined/],
    ['x'.repeat(129), /too long; expected at most 128/],
  ])('can not be called %p', (name, message) => {
    expect(() => at.cache.namespace(name as string)).toThrow(message);
    expect(() => at.cache.namespace(name as string)).toThrow(DepotConfigError);
  });
});
