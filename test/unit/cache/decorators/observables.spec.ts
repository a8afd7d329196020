import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  concat,
  EMPTY,
  firstValueFrom,
  from,
  lastValueFrom,
  NEVER,
  Observable,
  of,
  Subject,
  throwError,
  toArray,
} from 'rxjs';
import { CacheService } from '../../../../lib/cache/cache.service.js';
import { CacheEvict } from '../../../../lib/cache/decorators/cache-evict.decorator.js';
import { CachePut } from '../../../../lib/cache/decorators/cache-put.decorator.js';
import { Cacheable } from '../../../../lib/cache/decorators/cacheable.decorator.js';
import { DepotConfigError } from '../../../../lib/common/errors.js';
import { Deferred } from '../../../support/deferred.js';
import { eventually } from '../../../support/eventually.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { createApp } from './cache-app.js';

@Injectable()
class Prices {
  calls = 0;
  subscribed = 0;
  unsubscribed = 0;
  source: Observable<unknown> = EMPTY;

  private counted(): Observable<unknown> {
    this.calls++;
    return new Observable((subscriber) => {
      this.subscribed++;
      const subscription = this.source.subscribe(subscriber);
      return () => {
        this.unsubscribed++;
        subscription.unsubscribe();
      };
    });
  }

  @Cacheable({ key: 'price', nullTtl: 100, ttl: (last) => (typeof last === 'number' ? last : '1m') })
  price(): Observable<unknown> {
    return this.counted();
  }

  @Cacheable({ key: 'unless', unless: (last) => last === 2 })
  unlessTwo(): Observable<unknown> {
    return this.counted();
  }

  @Cacheable({ key: () => '', when: () => false })
  never(): Observable<unknown> {
    return this.counted();
  }

  @Cacheable({ key: 'graceful', ttl: 100, grace: '1h' })
  graceful(): Observable<unknown> {
    return this.counted();
  }

  @CachePut({ key: 'price' })
  put(): Observable<unknown> {
    return this.counted();
  }

  @CacheEvict({ key: 'price' })
  evict(): Observable<unknown> {
    return this.counted();
  }

  @CacheEvict({ key: 'price', before: true })
  evictBefore(): Observable<unknown> {
    return this.counted();
  }

  @CacheEvict({ tags: () => [''] })
  wrong(): Observable<unknown> {
    return this.counted();
  }

  @Cacheable({ key: 'price' })
  async promised(): Promise<unknown> {
    return 'by a promise';
  }

  @Cacheable({ key: 'undeclared' })
  undeclared() {
    return this.counted();
  }
}

let clock: ManualClock;
let prices: Prices;
let cache: CacheService;

beforeEach(async () => {
  clock = new ManualClock();
  const app = await createApp([Prices], { clock });
  prices = app.get(Prices);
  cache = app.get(CacheService);
});

const all = (observable: Observable<unknown>): Promise<unknown[]> =>
  lastValueFrom(observable.pipe(toArray()));

/** Subscribed, without what comes of it. */
const begin = (observable: Observable<unknown>) => observable.subscribe({ error: () => undefined });

describe('@Cacheable on a method that returns an Observable', () => {
  test('runs nothing before it is subscribed', async () => {
    prices.source = of(1);
    const observable = prices.price();
    expect(prices.calls).toBe(0);
    expect(await all(observable)).toEqual([1]);

    expect(await all(observable)).toEqual([1]);
    expect([prices.calls, prices.subscribed]).toEqual([1, 1]);
  });

  test('gives an Observable that is one', () => {
    expect(prices.price()).toBeInstanceOf(Observable);
  });

  test.each([
    [[1, 2, 3]],
    [['a']],
    [[null]],
    [[undefined, 1]],
    [[[1, 2]]],
    [[{ $values: [1] }]],
    [[{ $values: 'x' }]],
    [[new Date(0), new Map([[1, 2n]])]],
  ])('gives all values again, in order: %p', async (values) => {
    prices.source = from(values);

    expect(await all(prices.price())).toEqual(values);
    expect(await all(prices.price())).toEqual(values);
    expect(prices.subscribed).toBe(1);
  });

  test.each([[[]], [[undefined]]])('stores nothing of %p', async (values: unknown[]) => {
    prices.source = from(values);

    expect(await all(prices.price())).toEqual(values);
    expect(await all(prices.price())).toEqual(values);
    expect(prices.subscribed).toBe(2);
  });

  test('shares a single value with promises and the service', async () => {
    prices.source = of({ euro: 1 });
    await all(prices.price());

    expect(await prices.promised()).toEqual({ euro: 1 });
    expect(await cache.get('price')).toEqual({ euro: 1 });
    await cache.set('price', 'set');
    expect(await all(prices.price())).toEqual(['set']);
  });

  test('tells the ttl from the last value', async () => {
    prices.source = of(5, 10);
    await all(prices.price());
    expect(await cache.ttl('price')).toBe(10);
    await cache.clear();
    prices.source = of(null);
    await all(prices.price());

    expect(await cache.ttl('price')).toBe(100);
  });

  test('asks `unless` about the last value', async () => {
    prices.source = of(1, 2);
    expect([await all(prices.unlessTwo()), await all(prices.unlessTwo())]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(prices.subscribed).toBe(2);
    prices.source = of(2, 1);
    await all(prices.unlessTwo());
    await all(prices.unlessTwo());

    expect(prices.subscribed).toBe(3);
  });

  test('just runs the method unless `when`', async () => {
    prices.source = concat(of(1), NEVER);

    expect(await firstValueFrom(prices.never())).toBe(1);
    expect(prices.unsubscribed).toBe(1);
  });

  test('passes an error on to all who wait, and stores nothing', async () => {
    const source = new Subject<unknown>();
    prices.source = source;
    const asked = [all(prices.price()), all(prices.price())];
    await eventually(() => expect(source.observed).toBe(true));
    source.next(1);
    source.error(new Error('no price'));

    await expect(asked[0]).rejects.toThrow('no price');
    await expect(asked[1]).rejects.toThrow('no price');
    prices.source = of(2);
    expect(await all(prices.price())).toEqual([2]);
    expect(prices.subscribed).toBe(2);
  });

  test('passes an error on that the method throws', async () => {
    prices.source = throwError(() => new Error('at once'));

    await expect(all(prices.price())).rejects.toThrow('at once');
  });

  test('subscribes once, however many wait', async () => {
    const source = new Subject<unknown>();
    prices.source = source;
    const asked = Array.from({ length: 10 }, () => all(prices.price()));
    await eventually(() => expect(source.observed).toBe(true));
    source.next(1);
    source.complete();

    expect(await Promise.all(asked)).toEqual(Array.from({ length: 10 }, () => [1]));
    expect(prices.subscribed).toBe(1);
  });

  test('is unsubscribed when all who wait for it have left', async () => {
    prices.source = NEVER;
    const [one, other] = [begin(prices.price()), begin(prices.price())];
    await eventually(() => expect(prices.subscribed).toBe(1));
    one.unsubscribe();
    expect(prices.unsubscribed).toBe(0);
    other.unsubscribe();

    expect(prices.unsubscribed).toBe(1);
    prices.source = of(1);
    expect(await all(prices.price())).toEqual([1]);
    expect(await cache.get('price')).toBe(1);
  });

  test('is subscribed anew by who comes as the others leave', async () => {
    prices.source = NEVER;
    const left = begin(prices.price());
    await eventually(() => expect(prices.subscribed).toBe(1));
    left.unsubscribe();
    prices.source = of('new');

    expect(await all(prices.price())).toEqual(['new']);
    expect(prices.subscribed).toBe(2);
  });

  test('is not even subscribed when they left before that', async () => {
    prices.source = NEVER;
    begin(prices.price()).unsubscribe();

    expect(await cache.getOrSet<unknown>('price', () => 'asked at the same time')).toBeUndefined();
    expect(await cache.getOrSet('price', () => 'asked later')).toBe('asked later');
    expect(prices.subscribed).toBe(0);
  });

  test('is renewed behind the back of who has a stale value', async () => {
    prices.source = of('stale');
    await all(prices.graceful());
    await clock.advance(100);
    prices.source = of('fresh');

    expect(await all(prices.graceful())).toEqual(['stale']);
    await eventually(async () => expect(await cache.get('graceful')).toBe('fresh'));
  });

  test('has to be declared to return one', async () => {
    prices.source = of(1);
    const asked = Promise.resolve(prices.undeclared());

    await expect(asked).rejects.toThrow(DepotConfigError);
    await expect(asked).rejects.toThrow(
      /^@Cacheable on Prices\.undeclared: the method returns an Observable/,
    );
  });
});

describe('@CachePut on a method that returns an Observable', () => {
  test('stores its values when it is complete, and before anybody sees them', async () => {
    const source = new Subject<unknown>();
    prices.source = source;
    const first = firstValueFrom(prices.put());
    source.next(1);
    expect(await cache.has('price')).toBe(false);
    source.next(2);
    source.complete();

    expect(await first).toBe(1);
    expect(await all(prices.price())).toEqual([1, 2]);
    expect(prices.subscribed).toBe(1);
  });

  test('passes errors on, and stores nothing', async () => {
    prices.source = concat(
      of(1),
      throwError(() => new Error('no price')),
    );

    await expect(all(prices.put())).rejects.toThrow('no price');
    expect(await cache.has('price')).toBe(false);
  });

  test('passes unsubscription on', () => {
    prices.source = NEVER;
    begin(prices.put()).unsubscribe();

    expect(prices.unsubscribed).toBe(1);
  });
});

describe('@CachePut on one that brings no value', () => {
  test('removes what was there', async () => {
    await cache.set('price', 'old');
    prices.source = EMPTY;

    expect(await all(prices.put())).toEqual([]);
    expect(await cache.has('price')).toBe(false);
  });
});

describe('@CacheEvict on a method that returns an Observable', () => {
  beforeEach(() => cache.set('price', 'old'));

  test('lets nobody see a value before it has evicted, however long that takes', async () => {
    prices.source = of(1);
    const evicted = new Deferred<number>();
    const deleting = jest.spyOn(cache, 'deleteMany').mockReturnValue(evicted.promise);
    const seen: unknown[] = [];
    const subscription = prices.evict().subscribe((value) => seen.push(value));
    await eventually(() => expect(deleting).toHaveBeenCalled());
    await new Promise(setImmediate);
    expect(seen).toEqual([]);
    evicted.resolve(1);
    await eventually(() => expect(seen).toEqual([1]));
    subscription.unsubscribe();
  });

  test('has evicted by the time that anybody sees a value', async () => {
    prices.source = of(1, 2);

    expect(await firstValueFrom(prices.evict())).toBe(1);
    expect(await cache.has('price')).toBe(false);
  });

  test('evicts nothing before it is complete, nor when it fails', async () => {
    prices.source = concat(
      of(1),
      throwError(() => new Error('no price')),
    );

    await expect(all(prices.evict())).rejects.toThrow('no price');
    expect(await cache.has('price')).toBe(true);
  });

  test('evicts before it is subscribed, and hides nothing then', async () => {
    prices.source = concat(of(1), NEVER);
    const observable = prices.evictBefore();
    expect(await cache.has('price')).toBe(true);

    expect(await firstValueFrom(observable)).toBe(1);
    expect(await cache.has('price')).toBe(false);
  });

  test('fails when it can not be told what to evict, and subscribes to nothing', async () => {
    prices.source = of(1);

    await expect(all(prices.wrong())).rejects.toThrow(/tag is empty/);
    expect(prices.calls).toBe(0);
  });
});
