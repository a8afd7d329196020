import { describe, expect, it } from '@jest/globals';
import { CACHE_CONTENDERS, able, lacking } from '../../bench/contenders/cache/cache.abilities.js';
import { getOrSetMany, item, type Item } from '../../bench/contenders/cache/cache.contender.js';
import { cache } from '../../bench/suites/cache.suite.js';

describe('getOrSetMany by what a library has for many', () => {
  const there = new Map([['b', item(1)]]);
  const getMany = async (keys: string[]): Promise<(Item | undefined)[]> => keys.map((key) => there.get(key));

  it('makes what is missing, in one call, and stores it', async () => {
    const asked: (readonly string[])[] = [];
    const stored: [string, Item][] = [];
    const found = await getOrSetMany(
      ['a', 'b', 'c'],
      async (keys) => {
        asked.push(keys);
        return keys.map((_, at) => item(10 + at));
      },
      getMany,
      async (made) => stored.push(...made.map(([key, one]): [string, Item] => [key, one])),
    );
    expect(found.map((one) => one?.id)).toEqual([10, 1, 11]);
    expect(asked).toEqual([['a', 'c']]);
    expect(stored.map(([key, { id }]) => `${key}=${id}`)).toEqual(['a=10', 'c=11']);
  });

  it('makes nothing when all are there', async () => {
    const never = (): never => {
      throw new Error('nothing is missing');
    };
    expect(await getOrSetMany(['b'], never, getMany, never)).toEqual([item(1)]);
  });
});

describe('the contenders of the cache suite', () => {
  it('lack what they are not able to, with a reason', () => {
    expect(lacking('lru-cache', { get: 'memory', shared: 'redis' })).toEqual({
      shared: 'it is in the process',
    });
    expect(able('peek')).toEqual(['depot', 'lru-cache']);
  });

  it('have all rows when they are ours', () => {
    expect(CACHE_CONTENDERS[0]).toBe('depot');
    expect(cache.contenders['depot']?.lacks).toEqual({});
  });
});
