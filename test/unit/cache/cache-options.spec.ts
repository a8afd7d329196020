import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheOptions, GetOrSetOptions, SetOptions } from '../../../lib/cache/cache.options.js';
import { cacheSettings, DEFAULT_CACHE } from '../../../lib/cache/cache.settings.js';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { never, scene, type Scene } from './cache.scene.js';

type Anything = Readonly<Record<string, unknown>>;
const fn = (): number => 1;

const DURATION =
  "expected a number of milliseconds (0 or more) or text such as '250ms', '30s', '5m', '1h', '7d'";
const BYTES = "expected a whole number of bytes (0 or more) or text such as '500b', '64kb', '1mb'";

/** Of a cache as of a call. */
const POLICY: readonly (readonly [Anything, string])[] = [
  [{ ttl: '5 m' }, `ttl is "5 m"; ${DURATION}`],
  [{ ttl: -1 }, `ttl is -1; ${DURATION}`],
  [{ ttl: null }, `ttl is null; ${DURATION}`],
  [{ nullTtl: 'x' }, `nullTtl is "x"; ${DURATION}`],
  [{ nullTtl: fn }, `nullTtl is function fn; ${DURATION}`],
  [{ grace: -5 }, `grace is -5; ${DURATION}`],
  [{ grace: fn }, `grace is function fn; ${DURATION}`],
  [{ jitter: 1.1 }, 'jitter is 1.1; expected a number from 0 to 1'],
  [{ jitter: -0.1 }, 'jitter is -0.1; expected a number from 0 to 1'],
  [{ jitter: Number.NaN }, 'jitter is NaN; expected a number from 0 to 1'],
  [{ jitter: '10%' }, 'jitter is "10%"; expected a number from 0 to 1'],
];

/** Of what is made. */
const MAKING: readonly (readonly [Anything, string])[] = [
  [{ refreshAhead: 0 }, 'refreshAhead is 0; expected a number above 0 and below 1'],
  [{ refreshAhead: 1 }, 'refreshAhead is 1; expected a number above 0 and below 1'],
  [{ refreshAhead: true }, 'refreshAhead is true; expected a number above 0 and below 1'],
  [{ errorTtl: '1 s' }, `errorTtl is "1 s"; ${DURATION}`],
  [{ timeout: 0 }, 'timeout is 0; expected more than 0'],
  [{ timeout: 'x' }, `timeout is "x"; ${DURATION}`],
  [{ timeout: null }, 'timeout is null; expected an object'],
  [{ timeout: [1] }, 'timeout is an array; expected an object'],
  [{ timeout: { max: 1 } }, "timeout has no option 'max'; there are: soft, hard"],
  [{ timeout: { soft: '1 s' } }, `timeout.soft is "1 s"; ${DURATION}`],
  [{ timeout: { hard: 0 } }, 'timeout.hard is 0; expected more than 0'],
  [{ timeout: { hard: -1 } }, `timeout.hard is -1; ${DURATION}`],
];

const CACHE: readonly (readonly [Anything, string])[] = [
  [{ ttl: fn }, `ttl is function fn; ${DURATION}`],
  [{ store: 'redis' }, "store is \"redis\"; expected 'engine' or 'memory'"],
  [{ store: null }, "store is null; expected 'engine' or 'memory'"],
  [{ values: 'shared' }, "values is \"shared\"; expected 'copied' or 'frozen'"],
  [{ maxValue: '16 mb' }, `maxValue is "16 mb"; ${BYTES}`],
  [{ maxValue: -1 }, `maxValue is -1; ${BYTES}`],
  [{ maxValue: Number.POSITIVE_INFINITY }, `maxValue is Infinity; ${BYTES}`],
  [{ memory: true }, 'memory is true; expected an object'],
  [{ memory: null }, 'memory is null; expected an object'],
  [{ memory: { size: 5 } }, "memory has no option 'size'; there are: max, maxBytes, policy, ttl"],
  [{ memory: { max: 0 } }, 'memory.max is 0; expected a whole number from 1 to 10000000'],
  [{ memory: { max: 10_000_001 } }, 'memory.max is 10000001; expected a whole number from 1 to 10000000'],
  [{ memory: { max: Number.POSITIVE_INFINITY } }, 'memory.max is Infinity; expected a whole number'],
  [{ memory: { maxBytes: '64' } }, `memory.maxBytes is "64"; ${BYTES}`],
  [{ memory: { policy: 'lfu' } }, "memory.policy is \"lfu\"; expected 'lru' or 'ttl'"],
  [{ memory: { ttl: 'x' } }, `memory.ttl is "x"; ${DURATION}`],
  [{ fallback: 'memory' }, 'fallback is "memory"; expected an array'],
  [{ fallback: ['disk'] }, 'fallback[0] is "disk"; expected'],
  [{ fallback: ['memory', 7] }, 'fallback[1] is 7; expected'],
  [{ group: 'user' }, 'group is "user"; expected a function from a key to a text'],
  [{ size: 1 }, "cache has no option 'size'; there are: ttl, nullTtl, grace, jitter, refreshAhead"],
  [{ tags: ['t'] }, "cache has no option 'tags'; there are:"],
];

let at: Scene;
beforeEach(() => void (at = scene()));

describe('an option of a cache', () => {
  it.each([...POLICY, ...MAKING])('%j is refused by name, value and what is expected', (options, message) => {
    const settings = (): unknown => cacheSettings(options, DEFAULT_CACHE, 'cache');

    expect(settings).toThrow(`cache.${message}`);
    expect(settings).toThrow(DepotConfigError);
  });

  it.each(CACHE)('%j is refused by name, value and what is expected', (options, message) => {
    const settings = (): unknown => cacheSettings(options, DEFAULT_CACHE, 'cache');

    expect(settings).toThrow(message);
    expect(settings).toThrow(DepotConfigError);
  });

  it('is refused as a whole when it is no object', () => {
    for (const options of ['5m', 5, null, [], fn]) {
      const settings = (): unknown => cacheSettings(options as CacheOptions, DEFAULT_CACHE, 'cache');
      expect(settings).toThrow(/^cache is .*; expected an object$/);
    }
  });

  it('that is left out, or undefined, is that of the default', () => {
    expect(cacheSettings({}, DEFAULT_CACHE, 'cache')).toEqual(DEFAULT_CACHE);
    const nothing = Object.fromEntries(
      ['ttl', 'nullTtl', 'memory', 'store', 'group', 'fallback', 'timeout'].map((key) => [key, undefined]),
    );
    expect(cacheSettings(nothing, DEFAULT_CACHE, 'cache')).toEqual(DEFAULT_CACHE);
  });

  it('is taken in all its forms', () => {
    const settings = cacheSettings(
      {
        ttl: Number.POSITIVE_INFINITY,
        grace: Number.POSITIVE_INFINITY,
        errorTtl: '0.5s',
        timeout: { soft: 10 },
        memory: { max: 5, maxBytes: '1kb' },
        maxValue: '1.5mb',
      },
      DEFAULT_CACHE,
      'cache',
    );

    expect(settings.policy).toMatchObject({
      ttlMs: Number.POSITIVE_INFINITY,
      graceMs: 100 * 365 * 86_400_000,
      errorTtlMs: 500,
      softMs: 10,
      hardMs: Number.POSITIVE_INFINITY,
    });
    expect(settings.memory).toEqual({
      maxEntries: 5,
      maxBytes: 1_024,
      policy: 'lru',
      ttlMs: Number.POSITIVE_INFINITY,
    });
    expect(settings.maxValueBytes).toBe(1_572_864);
    expect(cacheSettings({ memory: false }, settings, 'cache').memory).toBeUndefined();
    expect(cacheSettings({ memory: { policy: 'ttl' } }, settings, 'cache').memory).toMatchObject({
      maxEntries: 5,
      policy: 'ttl',
    });
    expect(cacheSettings({ timeout: '1s' }, settings, 'cache').policy).toMatchObject({
      softMs: 10,
      hardMs: 1_000,
    });
  });
});

/** The call is refused, and neither stores nor makes anything. */
async function refused(call: () => Promise<unknown>, message: string): Promise<void> {
  const called = call();
  await expect(called).rejects.toThrow(message);
  await expect(called).rejects.toThrow(DepotConfigError);
  expect(at.troubles.asked).toEqual([]);
}

describe('an option of set and setMany', () => {
  it.each([
    ...POLICY,
    [{ ttl: fn }, `ttl is function fn; ${DURATION}`],
    [{ tags: 't' }, 'tags is "t"; expected an array of texts'],
    [{ tags: fn }, 'tags is function fn; expected an array of texts'],
    [{ tags: [''] }, 'cache tag is empty; expected text'],
    [{ tags: [5] }, 'cache tag is 5; expected text'],
  ] as const)('%j is refused by name, value and what is expected', async (options, message) => {
    await refused(() => at.cache.set('k', 1, options as SetOptions), message);
    await refused(() => at.cache.setMany([['k', 1]], options as SetOptions), message);
  });

  it.each(['5m', 5_000, null, true])('can not be %p alone, as in other caches', async (options) => {
    const bad = options as SetOptions;
    await refused(() => at.cache.set('k', 1, bad), 'options is');
    await refused(() => at.cache.setMany([['k', 1]], bad), '; expected an object');
    await refused(() => at.cache.increment('k', 1, bad), '; expected an object');
  });
});

describe('an option of getOrSet and getOrSetMany', () => {
  it.each([
    ...POLICY,
    ...MAKING,
    [{ tags: 't' }, 'tags is "t"; expected an array of texts'],
    [{ tags: [null] }, 'cache tag is null; expected text'],
    [{ unless: true }, 'unless is true; expected a function from a value to a boolean'],
    [{ filter: 'ids' }, 'filter is "ids"; expected a filter, such as cache.filter(…) gives'],
    [{ filter: null }, 'filter is null; expected a filter'],
    [{ filter: {} }, 'filter is an object; expected a filter'],
  ] as const)('%j is refused by name, value and what is expected', async (options, message) => {
    await refused(() => at.cache.getOrSet('k', never, options as GetOrSetOptions), message);
    await refused(() => at.cache.getOrSetMany(['k'], never, options as GetOrSetOptions), message);
  });

  it.each(['5m', 5_000, null])('can not be %p alone', async (options) => {
    const bad = options as GetOrSetOptions;
    await refused(() => at.cache.getOrSet('k', never, bad), 'options is');
    await refused(() => at.cache.getOrSetMany(['k'], never, bad), '; expected an object');
  });
});
