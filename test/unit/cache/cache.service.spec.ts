import { beforeEach, describe, expect, test } from '@jest/globals';
import { CacheService, LARGEST_VALUE } from '../../../lib/cache/cache.service.js';
import type { CacheStore } from '../../../lib/cache/cache.store.js';
import {
  DepotConfigError,
  EngineReplyError,
  EngineUnavailableError,
  PayloadError,
} from '../../../lib/common/errors.js';
import type { Duration } from '../../../lib/common/duration.js';
import { EmbeddedCacheStore } from '../../../lib/engines/embedded/embedded-cache.store.js';
import { Deferred } from '../../support/deferred.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';

const MINUTE = 60_000;

/** A store that can be away. */
class FragileStore implements CacheStore {
  away = false;
  /** Nothing can be stored. */
  full = false;
  readonly asked: string[] = [];

  constructor(private readonly inner: CacheStore) {}

  get(key: string): Promise<string | undefined> {
    return this.answer('get', () => this.inner.get(key));
  }

  set(key: string, text: string, ttlMs?: number): Promise<void> {
    return this.answer('set', () => {
      if (this.full) throw new EngineReplyError('Redis refused: OOM command not allowed');
      return this.inner.set(key, text, ttlMs);
    });
  }

  has(key: string): Promise<boolean> {
    return this.answer('has', () => this.inner.has(key));
  }

  delete(key: string): Promise<boolean> {
    return this.answer('delete', () => this.inner.delete(key));
  }

  private async answer<T>(name: string, ask: () => Promise<T>): Promise<T> {
    this.asked.push(name);
    if (this.away) throw new EngineUnavailableError("Can't reach Redis");
    return ask();
  }
}

let clock: ManualClock;
let store: FragileStore;
let logger: RecordingLogger;
let cache: CacheService;

beforeEach(() => {
  clock = new ManualClock();
  store = new FragileStore(new EmbeddedCacheStore(clock));
  logger = new RecordingLogger();
  cache = new CacheService(store, { ttlMs: MINUTE }, logger);
});

describe('values', () => {
  test('come back as they went in', async () => {
    const value = {
      date: new Date(0),
      map: new Map([[1, new Set(['a'])]]),
      big: 10n ** 30n,
      bytes: Buffer.from('abc'),
      nothing: null,
      missing: undefined,
      nested: [{ deep: [-0, Number.NaN] }],
    };
    await cache.set('k', value);

    expect(await cache.get('k')).toEqual(value);
  });

  test.each([null, false, 0, '', [], {}])('%p is a value like any other', async (value) => {
    await cache.set('k', value);

    expect(await cache.get('k')).toEqual(value);
    expect(await cache.has('k')).toBe(true);
    expect(await cache.getOrSet<unknown>('k', () => 'made')).toEqual(value);
  });

  test('are copies: changing an object afterwards changes nothing', async () => {
    const user = { name: 'Ann' };
    await cache.set('k', user);
    user.name = 'Eve';
    const first = await cache.get<{ name: string }>('k');
    if (first) first.name = 'Eve';

    expect(await cache.get('k')).toEqual({ name: 'Ann' });
  });

  test('that are undefined are none: what was there is gone', async () => {
    await cache.set('k', 1);
    await cache.set('k', undefined);

    expect(await cache.has('k')).toBe(false);
  });

  test('that can not be serialised or are too large are refused, and what was there stays', async () => {
    await cache.set('k', 'old');
    const circle: unknown[] = [];
    circle.push(circle);

    await expect(cache.set('k', () => 1)).rejects.toThrow(PayloadError);
    await expect(cache.set('k', circle)).rejects.toThrow(PayloadError);
    await expect(cache.set('k', 'x'.repeat(LARGEST_VALUE))).rejects.toThrow(/"k" is \d+ bytes/);
    expect(await cache.get('k')).toBe('old');
  });

  test('that something else wrote are passed over, and replaced by the next fill', async () => {
    await store.set('k', 'not ours');

    expect(await cache.get('k')).toBeUndefined();
    expect(logger.warnings).toHaveLength(1);
    expect(logger.warnings[0]).toMatch(/"k" is passed over/);
    expect(await cache.getOrSet('k', () => 'ours')).toBe('ours');
    expect(await cache.get('k')).toBe('ours');
  });
});

describe('keys', () => {
  test.each([
    ['', /is empty/],
    ['x'.repeat(1_025), /1025 characters/],
    [7, /is 7/],
    [undefined, /is undefined/],
  ])('refuses %p everywhere', async (key, message) => {
    const bad = key as string;
    const calls = [
      () => cache.get(bad),
      () => cache.set(bad, 1),
      () => cache.has(bad),
      () => cache.delete(bad),
      () => cache.getOrSet(bad, () => 1),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toThrow(DepotConfigError);
      await expect(call()).rejects.toThrow(message);
    }
  });
});

describe('ttl', () => {
  const after = async (ttl: Duration | undefined, ms: number): Promise<boolean> => {
    await cache.set('k', 1, ttl === undefined ? {} : { ttl });
    await clock.advance(ms);
    return cache.has('k');
  };

  test('is that of the module by default', async () => {
    expect(await after(undefined, MINUTE - 1)).toBe(true);
    expect(await after(undefined, MINUTE)).toBe(false);
  });

  test('of the call comes first', async () => {
    expect(await after('2m', 2 * MINUTE - 1)).toBe(true);
    expect(await after('2m', 2 * MINUTE)).toBe(false);
    expect(await after(10, 10)).toBe(false);
  });

  test('of a fraction of a millisecond is a whole one', async () => {
    expect(await after(0.1, 0)).toBe(true);
    expect(await after(0.1, 1)).toBe(false);
  });

  test('of 0 keeps nothing, and leaves nothing', async () => {
    await cache.set('k', 'old');

    expect(await after(0, 0)).toBe(false);
    expect(await cache.getOrSet('k', () => 'made', { ttl: '0s' })).toBe('made');
    expect(await cache.has('k')).toBe(false);
  });

  test('of Infinity never ends', async () => {
    expect(await after(Number.POSITIVE_INFINITY, 1_000 * 365 * 86_400_000)).toBe(true);
  });

  test('beyond a century is a century, so that no engine overflows', async () => {
    expect(await after('9999999999999d', 99 * 365 * 86_400_000)).toBe(true);
  });

  test('of nothing at all in the module never ends either', async () => {
    cache = new CacheService(store, { ttlMs: undefined }, logger);

    expect(await after(undefined, 1_000 * MINUTE)).toBe(true);
  });

  test.each([-1, Number.NaN, Number.NEGATIVE_INFINITY, '10 s', '', null])('of %p is refused', async (ttl) => {
    await cache.set('k', 'old');
    let made = 0;

    await expect(cache.set('k', 1, { ttl: ttl as Duration })).rejects.toThrow(DepotConfigError);
    await expect(cache.getOrSet('k', () => made++, { ttl: ttl as Duration })).rejects.toThrow(/^ttl is/);
    expect(made).toBe(0);
    expect(await cache.get('k')).toBe('old');
  });

  test('can be told from the value that was made', async () => {
    await cache.getOrSet('token', () => ({ expiresIn: 10 }), { ttl: (token) => token.expiresIn });
    await clock.advance(9);
    expect(await cache.has('token')).toBe(true);
    await clock.advance(1);

    expect(await cache.has('token')).toBe(false);
  });

  test('is not told from what is not kept anyway', async () => {
    const nothing = (): { expiresIn: number } | undefined => undefined;

    expect(
      await cache.getOrSet('token', nothing, { ttl: (token) => token?.expiresIn ?? -1 }),
    ).toBeUndefined();
  });
});

describe('getOrSet', () => {
  test('calls the factory for what is missing only', async () => {
    let made = 0;

    expect(await cache.getOrSet('k', () => ++made)).toBe(1);
    expect(await cache.getOrSet('k', () => ++made)).toBe(1);
    await clock.advance(MINUTE);
    expect(await cache.getOrSet('k', () => ++made)).toBe(2);
  });

  test('calls it once, however many ask', async () => {
    const value = new Deferred<string>();
    let made = 0;
    const asked = Array.from({ length: 100 }, () =>
      cache.getOrSet('k', () => {
        made++;
        return value.promise;
      }),
    );
    value.resolve('one');

    expect(new Set(await Promise.all(asked))).toEqual(new Set(['one']));
    expect(made).toBe(1);
  });

  test('gives everybody who waited a copy of their own', async () => {
    const original = { name: 'Ann' };
    const [first, second] = await Promise.all([
      cache.getOrSet('k', () => original),
      cache.getOrSet('k', () => original),
    ]);
    first.name = 'Eve';
    original.name = 'Eve';

    expect(second).toEqual({ name: 'Ann' });
    expect(await cache.get('k')).toEqual({ name: 'Ann' });
  });

  test('gives everybody who hit at the same time a copy of their own', async () => {
    await cache.set('k', { name: 'Ann' });
    const [first, second] = await Promise.all([
      cache.getOrSet('k', () => ({ name: 'new' })),
      cache.getOrSet('k', () => ({ name: 'new' })),
    ]);
    first.name = 'Eve';

    expect(second).toEqual({ name: 'Ann' });
  });

  test('does not keep undefined', async () => {
    let made = 0;
    const nothing = (): string | undefined => {
      made++;
      return undefined;
    };

    expect(await Promise.all([cache.getOrSet('k', nothing), cache.getOrSet('k', nothing)])).toEqual([
      undefined,
      undefined,
    ]);
    expect(await cache.getOrSet('k', nothing)).toBeUndefined();
    expect(made).toBe(2);
    expect(await cache.has('k')).toBe(false);
  });

  test('fails for all who wait when the factory fails, keeps nothing, and tries again for the next', async () => {
    const value = new Deferred<string>();
    const asked = [cache.getOrSet('k', () => value.promise), cache.getOrSet('k', () => 'never')];
    value.reject(new Error('no luck'));

    await expect(asked[0]).rejects.toThrow('no luck');
    await expect(asked[1]).rejects.toThrow('no luck');
    expect(await cache.has('k')).toBe(false);
    expect(await cache.getOrSet('k', () => 'better')).toBe('better');
  });

  test('fails when a factory throws at once', async () => {
    const thrown = cache.getOrSet('k', (): string => {
      throw new Error('at once');
    });

    await expect(thrown).rejects.toThrow('at once');
  });

  test('fails when the value can not be serialised', async () => {
    await expect(cache.getOrSet('k', () => () => 1)).rejects.toThrow(PayloadError);
  });

  test('gives a value that is too large, and does not keep it', async () => {
    const large = 'x'.repeat(LARGEST_VALUE);

    expect(await cache.getOrSet('k', () => large)).toHaveLength(LARGEST_VALUE);
    expect(await cache.has('k')).toBe(false);
    expect(logger.warnings[0]).toMatch(/"k" is not stored/);
  });

  describe('while the factory runs', () => {
    let value: Deferred<string>;
    let before: Promise<string>;

    beforeEach(async () => {
      value = new Deferred<string>();
      const begun = new Deferred<undefined>();
      before = cache.getOrSet('k', () => {
        begun.resolve(undefined);
        return value.promise;
      });
      await begun.promise;
    });

    test('a delete wins: what was made is given to who waited, and not kept', async () => {
      await cache.delete('k');
      value.resolve('old');

      expect(await before).toBe('old');
      expect(await cache.has('k')).toBe(false);
    });

    test('a set wins', async () => {
      await cache.set('k', 'new');
      value.resolve('old');

      expect(await before).toBe('old');
      expect(await cache.get('k')).toBe('new');
    });

    test('a set that is refused changes nothing', async () => {
      await expect(cache.set('k', () => 1)).rejects.toThrow(PayloadError);
      value.resolve('made');

      expect(await before).toBe('made');
      expect(await cache.get('k')).toBe('made');
    });

    test('who asks after a delete does not get what was made before it', async () => {
      await cache.delete('k');
      const after = cache.getOrSet('k', () => 'new');

      expect(await after).toBe('new');
      value.resolve('old');
      expect(await before).toBe('old');
      expect(await cache.get('k')).toBe('new');
    });

    test('a delete of another key does not matter', async () => {
      await cache.delete('j');
      value.resolve('made');
      await before;

      expect(await cache.get('k')).toBe('made');
    });
  });
});

describe('when the engine is away', () => {
  beforeEach(async () => {
    await cache.set('k', 'stored');
    store.away = true;
  });

  test('reads find nothing', async () => {
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.has('k')).toBe(false);
  });

  test('getOrSet answers from the factory, once for all who wait', async () => {
    let made = 0;
    const asked = Array.from({ length: 5 }, () => cache.getOrSet('k', () => ++made));

    expect(await Promise.all(asked)).toEqual([1, 1, 1, 1, 1]);
  });

  test('getOrSet does not wait for it a second time to store what it made', async () => {
    store.asked.length = 0;
    await cache.getOrSet('k', () => 'made');

    expect(store.asked).toEqual(['get']);
  });

  test('set and delete reject', async () => {
    await expect(cache.set('k', 1)).rejects.toThrow(EngineUnavailableError);
    await expect(cache.delete('k')).rejects.toThrow(EngineUnavailableError);
  });

  test('it is logged once for each time, and so is its return', async () => {
    for (let n = 0; n < 3; n++) await cache.getOrSet('k', () => n);
    expect(logger.warnings).toHaveLength(1);
    store.away = false;
    expect(await cache.get('k')).toBe('stored');
    expect(logger.logs).toHaveLength(1);
    store.away = true;
    await cache.get('k');

    expect(logger.warnings).toHaveLength(2);
  });

  test('that only storing fails is logged once, too, however many reads work', async () => {
    store.away = false;
    store.full = true;
    for (let n = 0; n < 5; n++) expect(await cache.getOrSet('new', () => n)).toBe(n);

    expect(logger.warnings).toEqual([expect.stringMatching(/^Filling the cache fails.*"new".*OOM/)]);
    expect(logger.logs).toEqual([]);
  });

  test('a value that was made just before it went is given all the same', async () => {
    store.away = false;
    const asked = cache.getOrSet('new', () => {
      store.away = true;
      return 'made';
    });

    expect(await asked).toBe('made');
  });
});
