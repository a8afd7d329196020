import { describe, expect, jest, test } from '@jest/globals';
import { DepotConfigError, EngineUnavailableError, PayloadError } from '../../../lib/common/errors.js';
import { DepotKeyvStore, type DepotKeyvOptions } from '../../../lib/keyv/index.js';
import { ManualClock } from '../../support/manual-clock.js';
import { awayEngine, cacheWith } from './keyv.cache.js';

const setUp = (options?: DepotKeyvOptions) => {
  const clock = new ManualClock();
  const cache = cacheWith(clock, { ttl: '1m', nullTtl: '1s', grace: '1h', jitter: 1 });
  return { clock, cache, store: new DepotKeyvStore(cache, options) };
};

/** What Keyv gets, though its types say that it gets nothing. */
const outcome = async (setMany: Promise<void>): Promise<unknown> => setMany;

describe('the store for Keyv', () => {
  test('keeps values under their keys in the cache', async () => {
    const { cache, store } = setUp();
    expect(await store.set('k', { n: 1, at: new Date(7) })).toBe(true);

    expect(await store.get('k')).toEqual({ n: 1, at: new Date(7) });
    expect(await cache.get('k')).toEqual({ n: 1, at: new Date(7) });
    expect(await store.has('k')).toBe(true);
    expect(await store.delete('k')).toBe(true);
    expect(await store.delete('k')).toBe(false);
    expect(await store.has('k')).toBe(false);
    expect(await store.get('k')).toBeUndefined();
  });

  test.each([['v'], [''], [0], [false], [null], [[1]], [Buffer.from('b')]])(
    'gives %p back',
    async (value) => {
      const { store } = setUp();
      await store.set('k', value);

      expect(await store.get('k')).toEqual(value);
      expect(await store.has('k')).toBe(true);
    },
  );

  test('takes undefined for nothing', async () => {
    const { store } = setUp();
    await store.set('k', 'v');

    expect(await store.set('k', undefined)).toBe(true);
    expect(await store.has('k')).toBe(false);
  });

  test('a ttl is what Keyv says, whatever the policy of the cache', async () => {
    const { clock, cache, store } = setUp();
    await store.set('k', 'v', 90_000);
    await store.set('null', null, 90_000);
    await store.setMany([{ key: 'many', value: 'v', ttl: 90_000 }]);
    expect(await cache.ttl('k')).toBe(90_000);

    await clock.advance(89_999);
    expect(await store.getMany(['k', 'null', 'many'])).toEqual(['v', null, 'v']);
    await clock.advance(1);
    expect(await store.getMany(['k', 'null', 'many'])).toEqual([undefined, undefined, undefined]);
    expect(await store.hasMany(['k', 'null', 'many'])).toEqual([false, false, false]);
  });

  test.each([[undefined], [0], [Number.POSITIVE_INFINITY], [Number.NaN]])(
    'a ttl of %p means no end',
    async (ttl) => {
      const { cache, store } = setUp();
      await store.set('k', 'v', ttl);

      expect(await cache.ttl('k')).toBe(Number.POSITIVE_INFINITY);
    },
  );

  test('with a ttl below 0 nothing is left', async () => {
    const { store } = setUp();
    await store.set('k', 'v');
    await store.set('k', 'v', -1);

    expect(await store.has('k')).toBe(false);
  });

  test('its own ttl is for values without one, its tags for all', async () => {
    const { cache, store } = setUp({ ttl: '1h', tags: ['keyv'] });
    await store.set('k', 'v');
    await store.set('short', 'v', 5);
    expect(await cache.ttl('k')).toBe(3_600_000);
    expect(await cache.ttl('short')).toBe(5);
    await cache.set('other', 'v');

    await cache.invalidateTags('keyv');
    expect(await store.getMany(['k', 'short', 'other'])).toEqual([undefined, undefined, 'v']);
  });

  test('many are stored, found and removed together', async () => {
    const { cache, store } = setUp();
    const setMany = jest.spyOn(cache, 'setMany');
    const entries = ['a', 'b', 'c', 'd'].map((key, n) => ({
      key,
      value: n,
      ttl: n % 2 === 0 ? 5_000 : undefined,
    }));
    expect(await outcome(store.setMany(entries))).toEqual([true, true, true, true]);
    expect(setMany).toHaveBeenCalledTimes(2);

    expect(await store.getMany(['d', 'x', 'a'])).toEqual([3, undefined, 0]);
    expect(await store.hasMany(['d', 'x', 'a'])).toEqual([true, false, true]);
    expect(await cache.ttl('c')).toBe(5_000);
    expect(await cache.ttl('d')).toBe(Number.POSITIVE_INFINITY);
    expect(await store.deleteMany(['a', 'x'])).toBe(true);
    expect(await store.deleteMany(['a', 'x'])).toBe(false);
    expect(await outcome(store.setMany([]))).toEqual([]);
    expect(await store.getMany([])).toEqual([]);
    expect(await store.hasMany([])).toEqual([]);
  });

  test('says of each of many whether it was stored', async () => {
    const { cache, store } = setUp();
    jest.spyOn(cache, 'setMany').mockImplementation(async (_, options) => options?.ttl !== 5_000);
    const entries = ['a', 'b', 'c'].map((key, n) => ({ key, value: n, ttl: n === 1 ? 5_000 : 6_000 }));

    expect(await outcome(store.setMany(entries))).toEqual([true, false, true]);
  });

  test('a namespace of Keyv is one of the cache', async () => {
    const { cache, store } = setUp();
    await cache.set('k', 'outside');
    store.namespace = 'keyv';
    expect(store.namespace).toBe('keyv');
    await store.set('k', 'inside');

    expect(await cache.namespace('keyv').get('k')).toBe('inside');
    await store.clear();
    expect(await store.get('k')).toBeUndefined();
    expect(await cache.get('k')).toBe('outside');

    store.namespace = undefined;
    expect(await store.get('k')).toBe('outside');
    await store.clear();
    expect(await cache.get('k')).toBeUndefined();
  });

  test('what Keyv wraps without serialising stays plain JSON', async () => {
    const { cache, store } = setUp();
    await store.set('k', { value: 'v', expires: undefined });
    await store.set('until', { value: 'v', expires: 7 });

    expect(Object.keys((await cache.get<object>('k')) ?? {})).toEqual(['value']);
    expect(await cache.get('until')).toEqual({ value: 'v', expires: 7 });
  });

  test('rejects what it can not store', async () => {
    const { store } = setUp();

    await expect(store.set('k', () => 'v')).rejects.toThrow(PayloadError);
    await expect(store.set('', 'v')).rejects.toThrow(DepotConfigError);
    await expect(store.get('x'.repeat(1_025))).rejects.toThrow(DepotConfigError);
    expect(() => (store.namespace = 'x'.repeat(200))).toThrow(DepotConfigError);
  });

  test('while the engine is away it finds nothing, stores nothing and says so', async () => {
    const clock = new ManualClock();
    const store = new DepotKeyvStore(cacheWith(clock, {}, awayEngine(clock)));
    store.namespace = 'keyv';
    const errors: unknown[] = [];
    expect(store.on('error', (error) => errors.push(error)).on('other', () => {})).toBe(store);

    expect(await store.get('k')).toBeUndefined();
    expect(await store.getMany(['k'])).toEqual([undefined]);
    expect(await store.has('k')).toBe(false);
    expect(await store.delete('k')).toBe(false);
    await store.clear();
    expect(errors).toEqual([]);
    expect(await store.set('k', 'v')).toBe(false);
    expect(
      await outcome(
        store.setMany([
          { key: 'a', value: 1 },
          { key: 'b', value: 1 },
        ]),
      ),
    ).toEqual([false, false]);
    expect(errors).toEqual([expect.any(EngineUnavailableError), expect.any(EngineUnavailableError)]);
    expect(String(errors[1])).toContain('could not store "a" and 1 more in cache "default"');
  });

  test('refuses bad options', () => {
    const { cache } = setUp();

    expect(() => new DepotKeyvStore(cache, { ttl: -1 })).toThrow('ttl of DepotKeyvStore is -1');
    expect(() => new DepotKeyvStore(cache, { tags: [''] })).toThrow(DepotConfigError);
    expect(() => new DepotKeyvStore(cache, { max: 1 } as DepotKeyvOptions)).toThrow("has no option 'max'");
  });
});
