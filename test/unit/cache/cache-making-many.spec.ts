import { beforeEach, describe, expect, it } from '@jest/globals';
import { CacheTimeoutError } from '../../../lib/cache/cache.errors.js';
import { DepotConfigError, PayloadError } from '../../../lib/common/errors.js';
import { isPending, Kitchen, MINUTE, never, scene, type Scene } from './cache.scene.js';

let at: Scene;
let calls: (readonly string[])[];
beforeEach(() => {
  at = scene();
  calls = [];
});

/** Makes `made <key>` of each. */
const factory = (keys: readonly string[]): string[] => {
  calls.push(keys);
  return keys.map((key) => `made ${key}`);
};

describe.each(['near', 'afar'])('getOrSetMany of what is %s', (where) => {
  beforeEach(() => void (at.troubles.blind = where === 'afar'));

  it('makes what is missing in one call, and gives all in order, each key as often as it was named', async () => {
    await at.cache.setMany(Object.entries({ b: 'b', d: null }));

    expect(await at.cache.getOrSetMany(['a', 'b', 'c', 'a', 'd', 'b'], factory)).toEqual([
      'made a',
      'b',
      'made c',
      'made a',
      null,
      'b',
    ]);
    expect(calls).toEqual([['a', 'c']]);
    expect(await at.cache.getMany(['a', 'c'])).toEqual(['made a', 'made c']);
  });

  it('asks the engine once', async () => {
    await at.cache.setMany(Array.from({ length: 90 }, (_, n) => [`k${n}`, n]));
    at.troubles.asked.length = 0;
    await at.cache.getOrSetMany(
      Array.from({ length: 100 }, (_, n) => `k${n}`),
      factory,
    );

    expect(at.troubles.asked.filter((what) => what !== 'fill')).toEqual(['claim']);
    expect(calls).toHaveLength(1);
  });

  it('makes what is stale', async () => {
    await at.cache.setMany(Object.entries({ a: 'old', b: 'old' }), { ttl: 10, grace: '1h' });
    await at.cache.set('c', 'fresh');
    await at.clock.advance(10);

    expect(await at.cache.getOrSetMany(['a', 'b', 'c'], factory)).toEqual(['made a', 'made b', 'fresh']);
  });
});

describe('getOrSetMany', () => {
  it('of no keys, or of those that are all there, calls nothing', async () => {
    await at.cache.set('k', 1);

    expect(await at.cache.getOrSetMany([], never)).toEqual([]);
    expect(await at.cache.getOrSetMany(['k', 'k'], never)).toEqual([1, 1]);
  });

  it('gives undefined for what the factory has none of, and keeps nothing of it', async () => {
    const some = (keys: readonly string[]): (string | undefined)[] =>
      keys.map((key) => (key === 'b' ? undefined : key));

    expect(await at.cache.getOrSetMany(['a', 'b', 'c'], some)).toEqual(['a', undefined, 'c']);
    expect(await at.cache.getOrSetMany(['a', 'b', 'c'], factory)).toEqual(['a', 'made b', 'c']);
  });

  it('keeps each by its own value: tags, unless', async () => {
    await at.cache.getOrSetMany(
      ['a', 'b', 'c', 'd'],
      (keys) => keys.map((key) => (key === 'd' ? undefined : key)),
      {
        tags: (value) => [`tag ${value}`],
        unless: (value) => value === 'b',
      },
    );
    await at.cache.invalidateTags('tag a');

    expect(await at.cache.getMany(['a', 'b', 'c', 'd'])).toEqual([undefined, undefined, 'c', undefined]);
  });

  it.each([[['one']], [['1', '2', '3']], [undefined], ['ab'], [{ length: 2 }]])(
    'refuses %j from the factory of two keys, and keeps nothing',
    async (values) => {
      const made = at.cache.getOrSetMany(['a', 'b'], () => values as string[]);

      await expect(made).rejects.toThrow(/^The factory of getOrSetMany returned .*; expected an array of 2$/);
      await expect(made).rejects.toThrow(DepotConfigError);
      expect(await at.cache.getOrSetMany(['a', 'b'], factory)).toEqual(['made a', 'made b']);
    },
  );

  it('fails as a whole when the factory does, here and for those who wait elsewhere', async () => {
    const kitchen = new Kitchen<string[]>();
    const here = at.cache.getOrSetMany(['a', 'b'], () => kitchen.factory());
    await kitchen.busy;
    const there = at.another().cache.getOrSet('b', never);
    await isPending(there);
    kitchen.burn(new Error('no luck'));

    await expect(here).rejects.toThrow('no luck');
    await expect(there).rejects.toThrow('no luck');
    expect(await at.cache.getOrSetMany(['a', 'b'], factory)).toEqual(['made a', 'made b']);
  });

  it('keeps none when one can not be serialised, and who waits for another of them hears of it', async () => {
    const kitchen = new Kitchen<unknown[]>();
    const here = at.cache.getOrSetMany(['a', 'b'], () => kitchen.factory());
    await kitchen.busy;
    const there = at.another().cache.getOrSet('a', never);
    await isPending(there);
    kitchen.serve(['a', () => 1]);

    await expect(here).rejects.toThrow(PayloadError);
    await expect(here).rejects.toThrow('cache value "b"');
    await expect(there).rejects.toThrow('cache value "b"');
    expect(await at.cache.has('a')).toBe(false);
  });

  it('waits for what others are making, and makes the rest', async () => {
    const kitchen = new Kitchen();
    const other = at.another().cache.getOrSet('b', kitchen.factory);
    await kitchen.busy;
    const asked = at.cache.getOrSetMany(['a', 'b', 'c'], factory);
    expect(await isPending(asked)).toBe(true);
    expect(calls).toEqual([['a', 'c']]);
    kitchen.serve('theirs');

    expect(await asked).toEqual(['made a', 'theirs', 'made c']);
    expect(await other).toBe('theirs');
  });

  it('is waited for by who asks for one of them, or for other ones of them', async () => {
    const kitchen = new Kitchen<string[]>();
    const first = at.cache.getOrSetMany(['a', 'b'], () => kitchen.factory());
    await kitchen.busy;
    const one = at.cache.getOrSet('a', never);
    const some = at.another().cache.getOrSetMany(['b', 'c'], factory);
    await isPending(some);
    kitchen.serve(['A', 'B']);

    expect(await Promise.all([first, one, some])).toEqual([['A', 'B'], 'A', ['B', 'made c']]);
    expect(calls).toEqual([['c']]);
  });

  it('does not keep what was deleted or set meanwhile, and keeps the rest', async () => {
    const kitchen = new Kitchen<string[]>();
    const asked = at.cache.getOrSetMany(['a', 'b', 'c'], () => kitchen.factory());
    await kitchen.busy;
    await at.cache.delete('a');
    await at.another().cache.set('b', 'set');
    kitchen.serve(['A', 'B', 'C']);

    expect(await asked).toEqual(['A', 'B', 'C']);
    expect(await at.cache.getMany(['a', 'b', 'c'])).toEqual([undefined, 'set', 'C']);
  });

  it('serves stale ones at once while fresh ones are made', async () => {
    await at.cache.setMany(Object.entries({ a: 'old', b: 'old' }), { ttl: '1m', grace: '1h' });
    await at.clock.advance(MINUTE);

    expect(await at.cache.getOrSetMany(['a', 'b', 'c'], factory, { grace: '1h' })).toEqual([
      'old',
      'old',
      'made c',
    ]);
    await at.clock.advance(0);
    expect(await at.cache.getMany(['a', 'b'])).toEqual(['made a', 'made b']);
  });

  it.each([
    ['behind the caller, where grace serves what is stale', '1h', 'old'],
    ['for the caller, where it does not', 0, 'made'],
  ] as const)('makes all that is stale in one call: %s', async (_, grace, given) => {
    const keys = Array.from({ length: 100 }, (_, n) => `k${n}`);
    await at.cache.setMany(
      keys.map((key) => [key, `old ${key}`]),
      { ttl: MINUTE, grace: '1h' },
    );
    await at.clock.advance(MINUTE);

    const values = await at.cache.getOrSetMany(keys, factory, { grace });
    expect(values).toEqual(keys.map((key) => `${given} ${key}`));
    await at.clock.advance(0);
    expect(calls).toEqual([keys]);
    expect(await at.cache.getMany(keys)).toEqual(keys.map((key) => `made ${key}`));
  });

  it('asks a filter about what is not there alone', async () => {
    const asked: string[] = [];
    const filter = {
      mightContain: async (key: string): Promise<boolean> => {
        asked.push(key);
        return key !== 'never';
      },
    };
    await at.cache.set('there', 'there');

    const values = await at.cache.getOrSetMany(['there', 'never', 'new'], factory, { filter });
    expect(values).toEqual(['there', null, 'made new']);
    expect(asked).toEqual(['never', 'new']);
    // Nobody holds on to what was not made.
    expect(await at.another().cache.getOrSet('never', () => 'made')).toBe('made');
  });

  it('ends at its hard time-out, and keeps what comes late', async () => {
    const kitchen = new Kitchen<string[]>();
    const asked = at.cache.getOrSetMany(['a', 'b'], () => kitchen.factory(), { timeout: '1s' });
    const outcome = expect(asked).rejects.toThrow(CacheTimeoutError);
    await at.clock.advance(1_000);
    await outcome;
    kitchen.serve(['A', 'B']);
    await at.clock.advance(0);

    expect(await at.cache.getMany(['a', 'b'])).toEqual(['A', 'B']);
  });

  it('answers from one factory call when the engine is away', async () => {
    at.troubles.away = true;

    expect(await at.cache.getOrSetMany(['a', 'b'], factory)).toEqual(['made a', 'made b']);
    expect(calls).toEqual([['a', 'b']]);
  });
});
