import { beforeEach, describe, expect, it } from '@jest/globals';
import { DepotConfigError, PayloadError } from '../../../lib/common/errors.js';
import { scene, type Scene } from './cache.scene.js';

let at: Scene;
beforeEach(() => void (at = scene()));

describe('a value', () => {
  it('comes back as it went in', async () => {
    const value = {
      date: new Date(0),
      map: new Map([[1, new Set(['a'])]]),
      big: 10n ** 30n,
      bytes: Buffer.from('abc'),
      nothing: null,
      missing: undefined,
      nested: [{ deep: [-0, Number.NaN] }],
    };
    await at.cache.set('k', value);

    expect(await at.cache.get('k')).toEqual(value);
    expect(await at.cache.get('k')).toEqual(value);
    expect(at.cache.peek('k')).toEqual(value);
    expect(await at.cache.getMany(['k', 'k'])).toEqual([value, value]);
    expect(await at.cache.getOrSet('k', () => 'made')).toEqual(value);
  });

  it.each([null, false, 0, '', -0, Number.NaN, [], {}, 0n])('may be %p', async (value) => {
    await at.cache.set('k', value);

    expect(await at.cache.get('k')).toStrictEqual(value);
    expect(at.cache.peek('k')).toStrictEqual(value);
    expect(await at.cache.has('k')).toBe(true);
    expect(await at.cache.getOrSet<unknown>('k', () => 'made')).toStrictEqual(value);
    expect(await at.cache.getOrSetMany<unknown>(['k'], () => ['made'])).toStrictEqual([value]);
  });

  it('that is undefined is none: what was there is gone', async () => {
    await at.cache.set('k', 1);

    expect(await at.cache.set('k', undefined)).toBe(true);
    expect(await at.cache.has('k')).toBe(false);
    expect(await at.cache.get('k')).toBeUndefined();
  });

  it('that can not be serialised or is too large is refused, and what was there stays', async () => {
    at = scene({ maxValue: '1kb' });
    await at.cache.set('k', 'old');
    const circle: unknown[] = [];
    circle.push(circle);

    await expect(at.cache.set('k', () => 1)).rejects.toThrow(PayloadError);
    await expect(at.cache.set('k', circle)).rejects.toThrow(PayloadError);
    await expect(at.cache.set('k', 'x'.repeat(1_023))).rejects.toThrow(
      'cache value "k" is 1025 bytes serialised; at most 1024 are allowed',
    );
    expect(await at.cache.get('k')).toBe('old');
    expect(await at.cache.set('k', 'x'.repeat(1_022))).toBe(true);
  });

  it('is measured in bytes, not in characters', async () => {
    at = scene({ maxValue: 100 });

    await expect(at.cache.set('k', '€'.repeat(40))).rejects.toThrow('122 bytes');
    expect(await at.cache.getOrSet('k', () => '€'.repeat(40))).toHaveLength(40);
    expect(await at.cache.has('k')).toBe(false);
  });

  it('of a class comes back as a plain object', async () => {
    class User {
      constructor(readonly name: string) {}
    }
    await at.cache.set('k', new User('Ann'));

    expect(await at.cache.get('k')).toStrictEqual({ name: 'Ann' });
  });
});

describe('a copy', () => {
  interface User {
    name: string;
    roles?: string[];
  }
  const READS: readonly (readonly [string, () => Promise<User | undefined>])[] = [
    ['get', () => at.cache.get<User>('k')],
    ['peek', async () => at.cache.peek<User>('k')],
    ['getMany', async () => (await at.cache.getMany<User>(['k']))[0]],
    ['getOrSet', () => at.cache.getOrSet<User>('k', () => ({ name: 'made' }))],
    ['getOrSetMany', async () => (await at.cache.getOrSetMany<User>(['k'], () => []))[0]],
  ];

  it('is what is stored: changing the object afterwards changes nothing', async () => {
    const user = { name: 'Ann', roles: ['admin'] };
    const stored = at.cache.set('k', user);
    user.name = 'Eve';
    user.roles.push('root');
    await stored;

    expect(await at.cache.get('k')).toEqual({ name: 'Ann', roles: ['admin'] });
  });

  it.each(READS)('is what %s gives', async (_, read) => {
    for (const value of [
      { name: 'Ann', roles: ['a'] },
      { name: 'Ann', roles: ['a'], since: new Date(0) },
    ]) {
      await at.cache.set('k', value);
      for (const _time of [1, 2, 3]) {
        const user = await read();
        expect(user).toEqual(value);
        if (user) user.name = 'Eve';
        user?.roles?.push('root');
      }
    }
  });

  it.each(READS)('is what %s gives of a value from afar', async (_, read) => {
    await at.cache.set('k', { name: 'Ann', roles: ['a'] });
    at.troubles.blind = true;
    for (const _time of [1, 2]) {
      const user = await read();
      if (user === undefined) continue;
      expect(user).toEqual({ name: 'Ann', roles: ['a'] });
      user.roles?.push('root');
    }
    expect(await at.cache.get('k')).toEqual({ name: 'Ann', roles: ['a'] });
  });
});

describe('a frozen value', () => {
  beforeEach(() => void (at = scene({ values: 'frozen' })));

  it('is the same for everybody, and can not be changed at any depth', async () => {
    await at.cache.set('k', { list: [{ name: 'Ann' }] });
    const one = await at.cache.get<{ list: { name: string }[] }>('k');
    const other = await at.cache.getOrSet('k', () => ({ list: [{ name: 'made' }] }));

    expect(other).toBe(one);
    expect(at.cache.peek('k')).toBe(one);
    expect(() => other.list.push({ name: 'Eve' })).toThrow(TypeError);
    expect(() => ((other.list[0] ?? { name: '' }).name = 'Eve')).toThrow(TypeError);
  });

  it('is what those get who wait for a factory, and what the factory made is left alone', async () => {
    const made = { name: 'Ann' };
    const [one, other] = await Promise.all([
      at.cache.getOrSet('k', () => made),
      at.cache.getOrSet('k', () => made),
    ]);

    expect(Object.isFrozen(one)).toBe(true);
    expect(other).toBe(one);
    made.name = 'Eve';
    expect(one).toEqual({ name: 'Ann' });
  });

  it('that holds what can not be frozen is a copy for each', async () => {
    await at.cache.set('k', { map: new Map([['a', 1]]) });
    const one = await at.cache.get<{ map: Map<string, number> }>('k');
    one?.map.set('a', 2);

    expect(await at.cache.get('k')).toEqual({ map: new Map([['a', 1]]) });
  });

  it('is a copy for the factory that makes the next one', async () => {
    await at.cache.set('k', { n: 1 }, { ttl: 10, grace: '1h' });
    await at.clock.advance(10);
    const next = await at.cache.getOrSet<{ n: number }>('k', ({ stale = { n: 0 } }) => {
      stale.n++;
      return stale;
    });

    expect(next).toEqual({ n: 2 });
  });
});

describe('a key', () => {
  const bad: readonly (readonly [unknown, RegExp])[] = [
    ['', /cache key is empty/],
    ['x'.repeat(1_025), /1025 characters/],
    [7, /cache key is 7/],
    [undefined, /cache key is undefined/],
    [null, /cache key is null/],
  ];
  const calls: readonly ((key: string) => Promise<unknown>)[] = [
    (key) => at.cache.get(key),
    (key) => at.cache.set(key, 1),
    (key) => at.cache.has(key),
    (key) => at.cache.ttl(key),
    (key) => at.cache.delete(key),
    (key) => at.cache.expire(key, 1),
    (key) => at.cache.increment(key),
    (key) => at.cache.getOrSet(key, () => 1),
    (key) => at.cache.getMany(['k', key]),
    (key) =>
      at.cache.setMany([
        ['k', 1],
        [key, 1],
      ]),
    (key) => at.cache.deleteMany(['k', key]),
    (key) => at.cache.getOrSetMany(['k', key], () => [1, 1]),
  ];

  it.each(bad)('%p is refused everywhere, by a rejection', async (key, message) => {
    for (const call of calls) {
      const asked = call(key as string);
      await expect(asked).rejects.toThrow(message);
      await expect(asked).rejects.toThrow(DepotConfigError);
    }
    expect(() => at.cache.peek(key as string)).toThrow(message);
    expect(await at.cache.has('k')).toBe(false);
  });

  it.each(['x'.repeat(1_024), '__proto__', 'constructor', '\0', '\0\0k', '{a}b', '💥', ' ', 'a:b*?[c]\\'])(
    '%p is one like any other',
    async (key) => {
      await at.cache.set(key, 1);

      expect(await at.cache.get(key)).toBe(1);
      expect(await at.cache.has(`y${key.slice(2)}`)).toBe(false);
      expect(await at.cache.delete(key)).toBe(true);
      expect(await at.cache.has(key)).toBe(false);
    },
  );
});
