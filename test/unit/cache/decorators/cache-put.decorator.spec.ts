import { beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { of, type Observable } from 'rxjs';
import { CacheRegistry } from '../../../../lib/cache/cache.registry.js';
import { CacheService } from '../../../../lib/cache/cache.service.js';
import { CachePut, type CachePutOptions } from '../../../../lib/cache/decorators/cache-put.decorator.js';
import { Cacheable } from '../../../../lib/cache/decorators/cacheable.decorator.js';
import { DepotConfigError, PayloadError } from '../../../../lib/common/errors.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { createApp } from './cache-app.js';

interface Product {
  readonly id: number;
  readonly name: string;
  readonly more?: unknown;
}

const nothing: Product | undefined = undefined;

@Injectable()
class Products {
  runs = 0;

  @CachePut({ key: (product) => `product:${product.id}` })
  async save(product: Product): Promise<Product> {
    this.runs++;
    if (product.name === '') throw new Error('no name');
    return { ...product, name: product.name.toUpperCase() };
  }

  @CachePut({
    key: (product, id, name) => ['product', id, name, product.id],
    ttl: (product) => product.id,
    tags: (product, id) => [`tag:${id}`, product.name],
    when: (id) => id > 0,
    unless: (product, _, name) => product.name !== name,
  })
  async create(id: number, name: string): Promise<Product> {
    this.runs++;
    return { id, name: name.trim() };
  }

  @CachePut({ key: 'last', nullTtl: 100, ttl: () => 1_000 })
  async last(product: Product | null | undefined): Promise<Product | null | undefined> {
    return product;
  }

  @CachePut({ key: 'rate', cache: 'rates', namespace: 'eu', tags: ['t'] })
  async rate(rate: number): Promise<number> {
    return rate;
  }

  @Cacheable({ store: 'memory', key: (id) => `own:${id}` })
  async own(id: number): Promise<number> {
    this.runs++;
    return id;
  }

  @CachePut({ memoryOf: 'own', key: (_, id) => `own:${id}` })
  async replaceOwn(_id: number, by: number): Promise<number> {
    return by;
  }

  @CachePut({ key: (product) => `product:${product.id}` })
  observed(product: Product): Observable<Product> {
    return of(product);
  }
}

let clock: ManualClock;
let products: Products;
let cache: CacheService;
let caches: CacheRegistry;

beforeEach(async () => {
  clock = new ManualClock();
  const app = await createApp([Products], { clock, caches: ['rates'] });
  products = app.get(Products);
  cache = app.get(CacheService);
  caches = app.get(CacheRegistry);
});

describe('@CachePut', () => {
  test('always runs the method, and stores what it returns', async () => {
    await products.save({ id: 1, name: 'a' });

    expect(await products.save({ id: 1, name: 'b' })).toEqual({ id: 1, name: 'B' });
    expect(products.runs).toBe(2);
    expect(await cache.get('product:1')).toEqual({ id: 1, name: 'B' });
  });

  test('stores nothing when the method fails', async () => {
    await products.save({ id: 1, name: 'a' });

    await expect(products.save({ id: 1, name: '' })).rejects.toThrow('no name');
    expect(await cache.get('product:1')).toEqual({ id: 1, name: 'A' });
  });

  test('tells key, ttl and tags from the result and the arguments', async () => {
    await products.create(200, 'a');
    const key = 'product:[200,"a",200]';
    expect(await cache.ttl(key)).toBe(200);
    await cache.invalidateTags('a');
    expect(await cache.get(key)).toBeUndefined();
    await products.create(200, 'a');
    await cache.invalidateTags('tag:200');

    expect(await cache.get(key)).toBeUndefined();
  });

  test('just runs the method unless `when`, and stores nothing that `unless` names', async () => {
    await products.create(-1, 'a');
    await products.create(1, ' a');

    expect(products.runs).toBe(2);
    expect(cache.stats().entries).toBe(0);
  });

  test('keeps null as long as `nullTtl`, and takes undefined for none', async () => {
    await products.last({ id: 1, name: 'a' });
    expect(await cache.ttl('last')).toBe(1_000);
    await products.last(null);
    expect(await cache.ttl('last')).toBe(100);
    await products.last(nothing);

    expect(await cache.has('last')).toBe(false);
  });

  test('stores in the cache and namespace that it names', async () => {
    await products.rate(7);

    expect(await caches.get('rates').namespace('eu').get('rate')).toBe(7);
    expect(await caches.get('rates').get('rate')).toBeUndefined();
    await caches.get('rates').invalidateTags('t');
    expect(await caches.get('rates').namespace('eu').get('rate')).toBeUndefined();
  });

  test('stores in the cache that a method has for itself', async () => {
    await products.replaceOwn(1, 99);

    expect(await products.own(1)).toBe(99);
    expect(products.runs).toBe(0);
  });

  test('rejects when the result can not be stored, and what was there is gone', async () => {
    await products.save({ id: 1, name: 'a' });
    const saved = products.save({ id: 1, name: 'b', more: () => 1 });

    await expect(saved).rejects.toThrow(PayloadError);
    expect(await cache.has('product:1')).toBe(false);
  });

  test.each<[object, RegExp]>([
    [{}, /key is undefined; expected a text or a function/],
    [{ key: 7 }, /key is 7; expected text/],
    [{ key: 'k', ttl: '10 min' }, /ttl is "10 min"/],
    [{ key: 'k', refreshAhead: 0.5 }, /has no option 'refreshAhead'/],
    [{ key: 'k', store: 'memory' }, /has no option 'store'/],
    [{ key: 'k', memoryOf: 'own', cache: 'rates' }, /memoryOf says which cache/],
  ])('refuses %p when the class is defined', (options, message) => {
    const define = (): unknown => {
      class Wrong {
        @CachePut(options as CachePutOptions<[], number>)
        async run(): Promise<number> {
          return 1;
        }
      }
      return Wrong;
    };

    expect(define).toThrow(DepotConfigError);
    expect(define).toThrow(/^@CachePut on Wrong\.run/);
    expect(define).toThrow(message);
  });

  test('without the module the method simply runs', async () => {
    expect(await new Products().save({ id: 1, name: 'a' })).toEqual({ id: 1, name: 'A' });
  });
});
