import { beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { CacheRegistry } from '../../../../lib/cache/cache.registry.js';
import { CacheService } from '../../../../lib/cache/cache.service.js';
import {
  CacheEvict,
  type CacheEvictOptions,
} from '../../../../lib/cache/decorators/cache-evict.decorator.js';
import { Cacheable } from '../../../../lib/cache/decorators/cacheable.decorator.js';
import { DepotConfigError, PayloadError } from '../../../../lib/common/errors.js';
import { createApp } from './cache-app.js';

@Injectable()
class Products {
  runs = 0;
  /** What the method finds in the cache while it runs. */
  seen: unknown;
  cache: CacheService | undefined;

  private async run(id = 0): Promise<number> {
    this.runs++;
    this.seen = await this.cache?.get('product:1');
    if (id < 0) throw new Error('no such product');
    return this.runs;
  }

  @CacheEvict({ key: (id) => `product:${Math.abs(id)}` })
  async remove(id: number): Promise<number> {
    return this.run(id);
  }

  @CacheEvict({ key: (id) => `product:${Math.abs(id)}`, before: true })
  async removeBefore(id: number): Promise<number> {
    return this.run(id);
  }

  @CacheEvict({ key: 'list', keys: (ids) => ids.map((id) => `product:${id}`) })
  async removeMany(_ids: readonly number[]): Promise<number> {
    return this.run();
  }

  @CacheEvict({ tags: (tag) => [tag] })
  async removeTagged(_tag: string): Promise<number> {
    return this.run();
  }

  @CacheEvict({ pattern: (kind) => `${kind}:*` })
  async removeMatching(_kind: string): Promise<number> {
    return this.run();
  }

  @CacheEvict({ all: true })
  async removeAll(): Promise<number> {
    return this.run();
  }

  @CacheEvict({ all: true, tags: ['t'], namespace: 'shop' })
  async removeShop(): Promise<number> {
    return this.run();
  }

  @CacheEvict({ key: 'rate', cache: 'rates' })
  async removeRate(): Promise<number> {
    return this.run();
  }

  @CacheEvict({ all: true, when: (id) => id > 0 })
  async removeWhen(_id: number): Promise<number> {
    return this.run();
  }

  @Cacheable({ store: 'memory' })
  async own(_id: number): Promise<number> {
    return this.run();
  }

  @CacheEvict({ memoryOf: 'own', key: (id) => ['Products.own', id] })
  async removeOwn(id: number): Promise<number> {
    return id;
  }

  @CacheEvict({ key: (what) => [what] })
  async removeWhatever(_what: unknown): Promise<number> {
    return this.run();
  }
}

let products: Products;
let cache: CacheService;
let caches: CacheRegistry;

beforeEach(async () => {
  const app = await createApp([Products], { caches: ['rates'] });
  products = app.get(Products);
  caches = app.get(CacheRegistry);
  cache = app.get(CacheService);
  products.cache = cache;
  await cache.setMany([
    ['product:1', 'one'],
    ['product:2', 'two'],
    ['list', 'many'],
  ]);
  await cache.set('tagged', 'one', { tags: ['t'] });
  await cache.namespace('shop').set('product:1', 'there');
  await caches.get('rates').set('rate', 7);
});

const left = async (): Promise<string[]> => {
  const keys = ['product:1', 'product:2', 'list', 'tagged'];
  const found = await cache.getMany(keys);
  return keys.filter((_, index) => found[index] !== undefined);
};

describe('@CacheEvict', () => {
  test('removes the entry once the method has succeeded', async () => {
    expect(await products.remove(1)).toBe(1);

    expect(products.seen).toBe('one');
    expect(await left()).toEqual(['product:2', 'list', 'tagged']);
  });

  test('removes nothing when it fails', async () => {
    await expect(products.remove(-1)).rejects.toThrow('no such product');

    expect(await cache.has('product:1')).toBe(true);
  });

  test('`before` removes it before the method runs, whether or not that succeeds', async () => {
    await expect(products.removeBefore(-1)).rejects.toThrow('no such product');

    expect(products.seen).toBeUndefined();
    expect(await cache.has('product:1')).toBe(false);
  });

  test('removes the entries of several keys', async () => {
    await products.removeMany([1, 2]);

    expect(await left()).toEqual(['tagged']);
  });

  test('removes what has a tag', async () => {
    await products.removeTagged('t');

    expect(await left()).toEqual(['product:1', 'product:2', 'list']);
  });

  test('removes what matches a pattern', async () => {
    await products.removeMatching('product');

    expect(await left()).toEqual(['list', 'tagged']);
  });

  test('removes all, namespaces included', async () => {
    await products.removeAll();

    expect(await left()).toEqual([]);
    expect(await cache.namespace('shop').has('product:1')).toBe(false);
    expect(await caches.get('rates').has('rate')).toBe(true);
  });

  test('removes all of a namespace, and in the whole cache what has the tags', async () => {
    await products.removeShop();

    expect(await cache.namespace('shop').has('product:1')).toBe(false);
    expect(await left()).toEqual(['product:1', 'product:2', 'list']);
  });

  test('removes from the cache that it names', async () => {
    await products.removeRate();

    expect(await caches.get('rates').has('rate')).toBe(false);
  });

  test('just runs the method unless `when`', async () => {
    expect(await products.removeWhen(0)).toBe(1);
    expect(await left()).toHaveLength(4);
    await products.removeWhen(1);

    expect(await left()).toEqual([]);
  });

  test('removes from the cache that a method has for itself, by its default key too', async () => {
    await products.own(1);
    await products.own(2);
    await products.removeOwn(1);

    expect([await products.own(1), await products.own(2)]).toEqual([3, 2]);
  });

  test('rejects before the method runs when it can not be told what to remove', async () => {
    await expect(products.removeWhatever(() => 1)).rejects.toThrow(PayloadError);
    await expect(products.removeTagged('')).rejects.toThrow(
      /^@CacheEvict on Products\.removeTagged: .*tag is empty/,
    );
    await expect(products.removeMatching('x'.repeat(2_000))).rejects.toThrow(/what pattern returned/);

    expect(products.runs).toBe(0);
  });

  test.each<[object, RegExp]>([
    [{}, /nothing to remove is named; expected key, keys, tags, pattern, all/],
    [{ before: true, when: () => true }, /nothing to remove is named/],
    [{ all: false }, /all is false; expected true/],
    [{ all: true, before: 'no' }, /before is "no"; expected true or false/],
    [{ keys: 'k' }, /keys is "k"; expected an array or a function/],
    [{ pattern: 7 }, /pattern is 7/],
    [{ key: 'k', ttl: '1m' }, /has no option 'ttl'/],
  ])('refuses %p when the class is defined', (options, message) => {
    const define = (): unknown => {
      class Wrong {
        @CacheEvict(options as CacheEvictOptions<[]>)
        async run(): Promise<void> {}
      }
      return Wrong;
    };

    expect(define).toThrow(DepotConfigError);
    expect(define).toThrow(/^@CacheEvict on Wrong\.run/);
    expect(define).toThrow(message);
  });

  test('without the module the method simply runs', async () => {
    expect(await new Products().remove(1)).toBe(1);
  });
});
