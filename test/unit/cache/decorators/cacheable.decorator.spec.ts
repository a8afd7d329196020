import { describe, expect, jest, test } from '@jest/globals';
import { Controller, Inject, Injectable, Scope, SetMetadata, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { CacheService } from '../../../../lib/cache/cache.service.js';
import { Cacheable } from '../../../../lib/cache/decorators/cacheable.decorator.js';
import { DepotConfigError, PayloadError } from '../../../../lib/common/errors.js';
import type { Duration } from '../../../../lib/common/duration.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { createApp } from './cache-app.js';

interface Product {
  readonly id: number;
  readonly read: number;
}

@Injectable()
class ProductService {
  reads = 0;
  asked: unknown[] = [];

  @Cacheable({ key: (id) => `product:${id}`, ttl: '10s' })
  async find(id: number): Promise<Product | null> {
    return id === 0 ? null : { id, read: ++this.reads };
  }

  @Cacheable()
  async count(filter: { readonly tags: readonly string[] }, limit?: number): Promise<number> {
    this.asked = [filter, limit];
    return ++this.reads;
  }

  @Cacheable({ key: 'newest' })
  async newest(): Promise<number> {
    return ++this.reads;
  }

  @Cacheable({ key: (shop, id) => ['product', shop, id] })
  async inShop(shop: string, id: number | string): Promise<number> {
    this.asked = [shop, id];
    return ++this.reads;
  }

  @Cacheable({ key: 'token', ttl: (token) => token.lasts })
  async token(): Promise<{ lasts: number; read: number }> {
    return { lasts: 500, read: ++this.reads };
  }
}

@Injectable()
class BookService extends ProductService {}

@Injectable()
class ToyService extends ProductService {
  @Cacheable({ key: (id) => `product:${id}` })
  override async find(id: number): Promise<Product | null> {
    const found = await super.find(id);
    return found && { ...found, id: -found.id };
  }
}

@Injectable()
class PlainService extends ProductService {
  override async find(id: number): Promise<Product | null> {
    return super.find(id);
  }
}

/** What it changes is not on itself. */
@Injectable()
class CountingService extends ProductService {
  private readonly counter = { reads: 0 };

  @Cacheable({ key: 'newest' })
  override async newest(): Promise<number> {
    return ++this.counter.reads;
  }
}

describe('@Cacheable', () => {
  test('answers from the cache until the ttl is over', async () => {
    const clock = new ManualClock();
    const products = (await createApp([ProductService], { clock })).get(ProductService);

    expect(await products.find(1)).toEqual({ id: 1, read: 1 });
    expect(await products.find(1)).toEqual({ id: 1, read: 1 });
    expect(await products.find(2)).toEqual({ id: 2, read: 2 });
    await clock.advance(10_000);
    expect(await products.find(1)).toEqual({ id: 1, read: 3 });
  });

  test('keeps null', async () => {
    const app = await createApp([ProductService]);
    const find = jest.fn(async () => null);

    expect(await app.get(ProductService).find(0)).toBeNull();
    expect(await app.get(CacheService).getOrSet('product:0', find)).toBeNull();
    expect(find).not.toHaveBeenCalled();
  });

  test('calls the method once, however many ask', async () => {
    const products = (await createApp([ProductService])).get(ProductService);
    await Promise.all(Array.from({ length: 20 }, () => products.find(1)));

    expect(products.reads).toBe(1);
  });

  test('uses the module ttl by default, or the one that the result tells', async () => {
    const clock = new ManualClock();
    const products = (await createApp([ProductService], { clock })).get(ProductService);
    await products.newest();
    await products.token();
    await clock.advance(500);
    expect((await products.token()).read).toBe(3);
    expect(await products.newest()).toBe(1);
    await clock.advance(60_000);

    expect(await products.newest()).toBe(4);
  });

  test('is made new by a delete of its key', async () => {
    const app = await createApp([ProductService]);
    const products = app.get(ProductService);
    await products.find(1);
    await app.get(CacheService).delete('product:1');

    expect(await products.find(1)).toEqual({ id: 1, read: 2 });
  });

  describe('key', () => {
    test('is class, method and arguments by default', async () => {
      const products = (await createApp([ProductService])).get(ProductService);

      expect(await products.count({ tags: ['a'] })).toBe(1);
      expect(await products.count({ tags: ['a'] })).toBe(1);
      expect(await products.count({ tags: ['a'] }, 5)).toBe(2);
      expect(await products.count({ tags: ['a', 'b'] })).toBe(3);
    });

    test('of long arguments is as good as of short ones', async () => {
      const products = (await createApp([ProductService])).get(ProductService);
      const long = 'x'.repeat(5_000);

      expect(await products.count({ tags: [`${long}a`] })).toBe(1);
      expect(await products.count({ tags: [`${long}a`] })).toBe(1);
      expect(await products.count({ tags: [`${long}b`] })).toBe(2);
    });

    test('of parts tells apart what merely reads the same', async () => {
      const products = (await createApp([ProductService])).get(ProductService);

      expect(await products.inShop('a', 1)).toBe(1);
      expect(await products.inShop('a', '1')).toBe(2);
      expect(await products.inShop('a:1', 1)).toBe(3);
      expect(await products.inShop('a', 1)).toBe(1);
    });

    test('that can not be told rejects, and the method does not run', async () => {
      const products = (await createApp([ProductService])).get(ProductService);

      await expect(products.count({ tags: (() => []) as unknown as string[] })).rejects.toThrow(PayloadError);
      expect(products.reads).toBe(0);
    });
  });

  describe('finds its cache', () => {
    test.each<[string, Provider]>([
      ['class', ProductService],
      ['useClass', { provide: ProductService, useClass: BookService }],
      ['factory', { provide: ProductService, useFactory: () => new ProductService() }],
      ['asynchronous factory', { provide: ProductService, useFactory: async () => new BookService() }],
      ['value', { provide: ProductService, useValue: new ProductService() }],
      ['frozen value', { provide: ProductService, useValue: Object.freeze(new CountingService()) }],
      ['proxied value', { provide: ProductService, useValue: new Proxy(new ProductService(), {}) }],
    ])('in a %s provider', async (_, provider) => {
      const products = (await createApp([provider])).get(ProductService);
      const first = await products.newest();

      expect(await products.newest()).toBe(first);
    });

    test('in a controller', async () => {
      @Controller()
      class ShopController {
        reads = 0;

        @Cacheable({ key: 'shop' })
        async shop(): Promise<number> {
          return ++this.reads;
        }
      }
      const controller = (await createApp([], { controllers: [ShopController] })).get(ShopController);

      expect([await controller.shop(), await controller.shop()]).toEqual([1, 1]);
    });

    test.each([Scope.REQUEST, Scope.TRANSIENT])('in a provider of scope %p', async (scope) => {
      @Injectable({ scope })
      class ScopedService {
        static reads = 0;

        @Cacheable({ key: 'scoped' })
        async read(): Promise<number> {
          return ++ScopedService.reads;
        }
      }
      const app = await createApp([ScopedService]);
      const [one, two] = [await app.resolve(ScopedService), await app.resolve(ScopedService)];

      expect(one).not.toBe(two);
      expect([await one.read(), await two.read()]).toEqual([1, 1]);
    });

    test('in a class that injects into properties of its own', async () => {
      @Injectable()
      class Extended extends ProductService {
        @Inject(ModuleRef) readonly modules!: ModuleRef;

        @Cacheable({ key: 'own' })
        async own(): Promise<number> {
          return ++this.reads;
        }
      }
      const extended = (await createApp([Extended])).get(Extended);

      expect(extended.modules).toBeInstanceOf(ModuleRef);
      expect([await extended.own(), await extended.own()]).toEqual([1, 1]);
      expect([await extended.newest(), await extended.newest()]).toEqual([2, 2]);
    });

    test('in each of two applications that share the class', async () => {
      const [one, two] = [await createApp([ProductService]), await createApp([ProductService])];
      await one.get(ProductService).find(1);
      await one.get(CacheService).set('product:1', { id: 1, read: 99 });

      expect(await one.get(ProductService).find(1)).toEqual({ id: 1, read: 99 });
      expect(await two.get(ProductService).find(1)).toEqual({ id: 1, read: 1 });
    });
  });

  describe('inherited', () => {
    test('works, with a default key for each class', async () => {
      const app = await createApp([ProductService, BookService]);
      await app.get(ProductService).count({ tags: [] });
      await app.get(ProductService).count({ tags: ['x'] });

      expect(await app.get(BookService).count({ tags: [] })).toBe(1);
      expect(await app.get(BookService).count({ tags: [] })).toBe(1);
    });

    test('and overridden with a cache of its own, it calls up without waiting for itself', async () => {
      const toys = (await createApp([ToyService])).get(ToyService);

      expect(await toys.find(1)).toEqual({ id: -1, read: 1 });
      expect(await toys.find(1)).toEqual({ id: -1, read: 1 });
    });

    test('and overridden without, what it calls up to is cached', async () => {
      const plain = (await createApp([PlainService])).get(PlainService);

      expect(await plain.find(1)).toEqual({ id: 1, read: 1 });
      expect(await plain.find(1)).toEqual({ id: 1, read: 1 });
    });
  });

  describe('without the module', () => {
    test('the method simply runs', async () => {
      const products = new ProductService();

      expect(await products.find(1)).toEqual({ id: 1, read: 1 });
      expect(await products.find(1)).toEqual({ id: 1, read: 2 });
    });

    test('it runs in a testing module, too', async () => {
      const app = await Test.createTestingModule({ providers: [ProductService] }).compile();
      const products = app.get(ProductService);

      expect([await products.newest(), await products.newest()]).toEqual([1, 2]);
    });
  });

  test('leaves no trace on the object', async () => {
    const products = (await createApp([ProductService])).get(ProductService);

    expect(Reflect.ownKeys(products)).toEqual(['reads', 'asked']);
    expect(products).toEqual(new ProductService());
  });

  test('keeps name, length and metadata of the method', () => {
    class Marked {
      @Cacheable({ key: () => 'k' })
      @SetMetadata('role', 'admin')
      async read(one: string, two: string): Promise<string> {
        return one + two;
      }
    }
    const { read } = Marked.prototype;

    expect([read.name, read.length]).toEqual(['read', 2]);
    expect(Reflect.getMetadata('role', read)).toBe('admin');
  });

  test('refuses a bad ttl and what is no method when the class is defined', () => {
    expect(() => {
      class Wrong {
        @Cacheable({ ttl: '10 min' as Duration })
        async read(): Promise<void> {}
      }
      return Wrong;
    }).toThrow(/^@Cacheable on Wrong.read: ttl is "10 min"/);
    expect(() => {
      class Wrong {
        @Cacheable()
        static async read(): Promise<void> {}
      }
      return Wrong;
    }).toThrow(DepotConfigError);
  });
});
