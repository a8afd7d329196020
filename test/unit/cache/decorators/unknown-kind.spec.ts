import { beforeEach, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
// As a type alone, so that nothing is left of it in the metadata.
import type { Observable } from 'rxjs';
import { concat, firstValueFrom, from, lastValueFrom, of, throwError, toArray } from 'rxjs';
import { CacheService } from '../../../../lib/cache/cache.service.js';
import { CacheEvict } from '../../../../lib/cache/decorators/cache-evict.decorator.js';
import { Cacheable } from '../../../../lib/cache/decorators/cacheable.decorator.js';
import { createApp } from './cache-app.js';

type Later<T> = Promise<T> | Observable<T>;

/** A class anew for each test: what its methods return is learned once. */
function pricesClass() {
  @Injectable()
  class Prices {
    calls = 0;
    fails = false;

    @Cacheable({ key: 'observed' })
    observed(): Observable<number> {
      return from([++this.calls, 7]);
    }

    @Cacheable({ key: 'promised', store: 'memory' })
    @Cacheable({ key: 'promised' })
    promised(): Later<number> {
      const call = ++this.calls;
      return this.fails ? Promise.reject(new Error('no price')) : Promise.resolve(call);
    }

    @CacheEvict({ key: 'observed', before: true })
    evicted(): Observable<number> {
      return concat(
        of(++this.calls),
        throwError(() => new Error('no price')),
      );
    }
  }
  return Prices;
}

let prices: InstanceType<ReturnType<typeof pricesClass>>;
let cache: CacheService;

beforeEach(async () => {
  const Prices = pricesClass();
  const app = await createApp([Prices]);
  prices = app.get(Prices);
  cache = app.get(CacheService);
});

const all = (observable: Observable<number>): Promise<number[]> => lastValueFrom(observable.pipe(toArray()));

test('an Observable whose type nobody knows is cached from the first call on', async () => {
  expect(await all(prices.observed())).toEqual([1, 7]);
  expect(await all(prices.observed())).toEqual([1, 7]);
  await cache.clear();
  const observable = prices.observed();
  expect(prices.calls).toBe(1);

  expect(await all(observable)).toEqual([2, 7]);
  expect(await all(observable)).toEqual([2, 7]);
});

test('one that is subscribed again is made again', async () => {
  const observable = prices.observed();
  await all(observable);
  await cache.clear();

  expect(await all(observable)).toEqual([2, 7]);
});

test('evicts before it is subscribed', async () => {
  await cache.set('observed', 'old');
  const observable = prices.evicted();
  expect(await cache.has('observed')).toBe(true);

  expect(await firstValueFrom(observable)).toBe(1);
  expect(await cache.has('observed')).toBe(false);
});

test('a promise whose type nobody knows is cached, and its call to find out is not wasted', async () => {
  expect([await prices.promised(), await prices.promised()]).toEqual([1, 1]);
  expect(prices.calls).toBe(1);
});

test('that call may fail while the cache has an answer', async () => {
  await cache.set('promised', 99);
  prices.fails = true;

  expect(await prices.promised()).toBe(99);
  expect(prices.calls).toBe(1);
});
