import { describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { CacheRegistry } from '../../../../lib/cache/cache.registry.js';
import { CacheService } from '../../../../lib/cache/cache.service.js';
import { Cacheable, type CacheableOptions } from '../../../../lib/cache/decorators/cacheable.decorator.js';
import { DepotConfigError, PayloadError } from '../../../../lib/common/errors.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { createApp } from './cache-app.js';

@Injectable()
class Shop {
  reads = 0;

  @Cacheable({ key: (id) => `when:${id}`, when: (id) => id > 0 })
  async positive(_id: number): Promise<number> {
    return ++this.reads;
  }

  @Cacheable({ key: (id) => `unless:${id}`, unless: (read, id) => read === id })
  async unlessRead(_id: number): Promise<number> {
    return ++this.reads;
  }

  @Cacheable({ key: (id) => `tagged:${id}`, tags: (id) => ['all', `tag:${id % 2}`] })
  async tagged(_id: number): Promise<number> {
    return ++this.reads;
  }

  @Cacheable({ key: 'listed', tags: ['lists'] })
  async listed(): Promise<number> {
    return ++this.reads;
  }

  @Cacheable({ key: 'rates', cache: 'rates' })
  async rates(): Promise<number> {
    return ++this.reads;
  }

  @Cacheable({ key: 'rates', namespace: 'shop' })
  async inNamespace(): Promise<number> {
    return ++this.reads;
  }

  @Cacheable({ store: 'memory', max: 2, ttl: '10s' })
  async own(_id: number): Promise<number> {
    return ++this.reads;
  }

  @Cacheable({ key: 'token', ttl: (token) => token.lasts, nullTtl: 100 })
  async token(lasts: number): Promise<{ readonly lasts: number } | null> {
    this.reads++;
    return lasts === 0 ? null : { lasts };
  }

  @Cacheable({ key: (id) => `known:${id}`, filter: { name: 'known', capacity: 100 } })
  async known(_id: number): Promise<number | null> {
    return ++this.reads;
  }

  @Cacheable({ key: 'graceful', ttl: 100, grace: '1h' })
  async graceful(): Promise<number> {
    if (this.reads > 0) throw new Error('closed');
    return ++this.reads;
  }
}

@Injectable()
class Bookshop extends Shop {}

const shopIn = async (clock = new ManualClock()): Promise<Shop> =>
  (await createApp([Shop], { clock, caches: ['rates'] })).get(Shop);

describe('when', () => {
  test('is false, the method just runs', async () => {
    const shop = await shopIn();

    expect([await shop.positive(1), await shop.positive(1)]).toEqual([1, 1]);
    expect([await shop.positive(-1), await shop.positive(-1)]).toEqual([2, 3]);
  });
});

describe('unless', () => {
  test('is true of a result, it is not stored', async () => {
    const shop = await shopIn();

    expect([await shop.unlessRead(1), await shop.unlessRead(1), await shop.unlessRead(1)]).toEqual([1, 2, 2]);
  });
});

describe('filter', () => {
  test('says null of what it does not know, and the method does not run', async () => {
    const app = await createApp([Shop], { caches: ['rates'] });
    const [shop, cache] = [app.get(Shop), app.get(CacheService)];
    expect(await shop.known(1)).toBe(1);
    await cache.filter('known', { capacity: 100 }).rebuild(['known:1', 'known:2']);

    expect([await shop.known(1), await shop.known(2), await shop.known(3)]).toEqual([1, 2, null]);
    expect(shop.reads).toBe(2);
  });
});

describe('tags', () => {
  test('are told from the arguments, or always the same', async () => {
    const app = await createApp([Shop], { caches: ['rates'] });
    const [shop, cache] = [app.get(Shop), app.get(CacheService)];
    await shop.tagged(1);
    await shop.tagged(2);
    await shop.listed();
    await cache.invalidateTags('tag:1');

    expect([await shop.tagged(1), await shop.tagged(2), await shop.listed()]).toEqual([4, 2, 3]);
    await cache.invalidateTags('lists', 'all');
    expect([await shop.listed(), await shop.tagged(2)]).toEqual([5, 6]);
  });
});

describe('ttl', () => {
  test('is told from every result but null, which has its own', async () => {
    const clock = new ManualClock();
    const shop = await shopIn(clock);
    await shop.token(200);
    await clock.advance(199);
    await shop.token(0);
    expect(shop.reads).toBe(1);
    await clock.advance(1);
    await shop.token(0);
    await clock.advance(99);
    expect(await shop.token(200)).toBeNull();
    await clock.advance(1);

    expect(await shop.token(200)).toEqual({ lasts: 200 });
  });
});

test('what a cache does for values it does for results', async () => {
  const clock = new ManualClock();
  const shop = await shopIn(clock);
  await shop.graceful();
  await clock.advance(100);

  expect(await shop.graceful()).toBe(1);
});

describe('cache', () => {
  test('is another one, with keys of its own', async () => {
    const app = await createApp([Shop], { caches: ['rates'] });
    const [shop, caches] = [app.get(Shop), app.get(CacheRegistry)];
    await shop.rates();

    expect(await caches.get('rates').get('rates')).toBe(1);
    expect(await caches.get().get('rates')).toBeUndefined();
  });
});

describe('namespace', () => {
  test('has keys of its own, and can be dropped', async () => {
    const app = await createApp([Shop], { caches: ['rates'] });
    const [shop, cache] = [app.get(Shop), app.get(CacheService)];
    expect([await shop.inNamespace(), await shop.inNamespace()]).toEqual([1, 1]);
    expect(await cache.get('rates')).toBeUndefined();
    await cache.namespace('shop').invalidate();

    expect(await shop.inNamespace()).toBe(2);
  });
});

describe('store: memory', () => {
  test('is a cache of the method, as large as it says', async () => {
    const clock = new ManualClock();
    const shop = await shopIn(clock);
    for (const id of [1, 2, 1, 3]) await shop.own(id);

    expect(await shop.own(1)).toBe(1);
    expect(await shop.own(2)).toBe(4);
    await clock.advance(10_000);
    expect(await shop.own(1)).toBe(5);
  });

  test('is apart from the cache that all share', async () => {
    const app = await createApp([Shop], { caches: ['rates'] });
    await app.get(Shop).own(1);

    expect(app.get(CacheService).stats().entries).toBe(0);
    await app.get(CacheService).clear();
    expect(await app.get(Shop).own(1)).toBe(1);
  });

  test('is one for a class and those that inherit from it, with keys for each', async () => {
    const app = await createApp([Shop, Bookshop], { caches: ['rates'] });
    await app.get(Shop).own(7);
    await app.get(Shop).own(7);

    expect(await app.get(Bookshop).own(7)).toBe(1);
    expect(app.get(CacheRegistry).memory('Shop.own', {}).stats().entries).toBe(2);
  });
});

test('a key that can not be told names class, method and argument, and what to do', async () => {
  @Injectable()
  class Listing {
    @Cacheable()
    async list(page: number, filter: { readonly by: unknown }): Promise<unknown> {
      return [page, filter];
    }
  }
  const listing = (await createApp([Listing])).get(Listing);
  const listed = listing.list(1, { by: () => 1 });

  await expect(listed).rejects.toThrow(PayloadError);
  await expect(listed).rejects.toThrow(
    /^@Cacheable on Listing\.list: argument 2\.by is function by, and no key can be made of that; say what of them matters, as in key:/,
  );
});

test.each<[unknown, RegExp, new (message: string) => Error]>([
  [7, /what key returned is 7; expected text/, DepotConfigError],
  [undefined, /what key returned is undefined; expected text/, DepotConfigError],
  ['', /what key returned is empty/, DepotConfigError],
  [[Symbol('s')], /part 1 of the key is Symbol\(s\)/, PayloadError],
])('a key function that returns %p rejects, and the method does not run', async (key, message, type) => {
  @Injectable()
  class Keyed {
    runs = 0;

    @Cacheable({ key: () => key as string })
    async run(): Promise<number> {
      return ++this.runs;
    }
  }
  const keyed = (await createApp([Keyed])).get(Keyed);

  await expect(keyed.run()).rejects.toThrow(type);
  await expect(keyed.run()).rejects.toThrow(message);
  expect(keyed.runs).toBe(0);
});

test('what any function of the options throws, the call rejects with', async () => {
  const broken = (): never => {
    throw new TypeError('broken');
  };
  for (const options of [
    { key: broken },
    { when: broken },
    { tags: broken },
    { unless: broken },
    { ttl: broken },
  ]) {
    @Injectable()
    class Broken {
      @Cacheable(options)
      async run(): Promise<number> {
        return 1;
      }
    }
    await expect((await createApp([Broken])).get(Broken).run()).rejects.toThrow('broken');
  }
});

test.each<[object, RegExp]>([
  [{ ttl: '10 min' }, /ttl is "10 min"/],
  [{ ttl: -1 }, /ttl is -1/],
  [{ grace: 'long' }, /grace is "long"/],
  [{ jitter: 2 }, /jitter is 2; expected a number from 0 to 1/],
  [{ refreshAhead: 1 }, /refreshAhead is 1/],
  [{ timeout: 0 }, /timeout is 0; expected more than 0/],
  [{ errorTtl: Number.NaN }, /errorTtl is NaN/],
  [{ key: 7 }, /key is 7; expected text/],
  [{ key: '' }, /key is empty/],
  [{ tags: 'a' }, /tags is "a"; expected an array or a function/],
  [{ tags: ['a', 7] }, /cache tag is 7/],
  [{ when: true }, /when is true; expected a function/],
  [{ unless: null }, /unless is null; expected a function/],
  [{ cache: '' }, /cache is ""; expected 1 to 128 characters/],
  [{ namespace: 7 }, /namespace is 7/],
  [{ store: 'redis' }, /store is "redis"; expected 'memory'/],
  [{ store: 'memory', policy: 'fifo' }, /policy is "fifo"; expected 'lru' or 'ttl'/],
  [{ store: 'memory', max: 0 }, /max is 0; expected a whole number/],
  [{ store: 'memory', cache: 'rates' }, /cache and store exclude each other/],
  [{ max: 10 }, /max is of a cache of the method's own; expected store: 'memory'/],
  [{ policy: 'lru' }, /policy is of a cache of the method's own/],
  [{ time: '1m' }, /has no option 'time'; there are: ttl/],
  [7 as unknown as object, /is 7; expected an object/],
  [{ filter: { name: '', capacity: 1 } }, /filter.name is empty/],
  [{ filter: { name: 'ids', capacity: 0 } }, /capacity of filter ids is 0/],
])('refuses %p when the class is defined', (options, message) => {
  const define = (): unknown => {
    class Wrong {
      @Cacheable(options as CacheableOptions<[], number>)
      async run(): Promise<number> {
        return 1;
      }
    }
    return Wrong;
  };

  expect(define).toThrow(DepotConfigError);
  expect(define).toThrow(/^@Cacheable on Wrong\.run/);
  expect(define).toThrow(message);
});
