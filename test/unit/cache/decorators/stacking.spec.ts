import { beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable, SetMetadata, UseGuards } from '@nestjs/common';
import { CacheRegistry } from '../../../../lib/cache/cache.registry.js';
import { CacheService } from '../../../../lib/cache/cache.service.js';
import { CacheEvict } from '../../../../lib/cache/decorators/cache-evict.decorator.js';
import { CachePut } from '../../../../lib/cache/decorators/cache-put.decorator.js';
import { Cacheable } from '../../../../lib/cache/decorators/cacheable.decorator.js';
import { DepotConfigError } from '../../../../lib/common/errors.js';
import { createApp } from './cache-app.js';

/** A decorator of somebody else, that stands around a method as well. */
const Doubled =
  () =>
  (
    _target: object,
    _name: string,
    descriptor: TypedPropertyDescriptor<(id: number) => Promise<number>>,
  ): void => {
    const method = descriptor.value;
    descriptor.value = async function (this: unknown, id: number): Promise<number> {
      return 2 * ((await method?.call(this, id)) ?? 0);
    };
  };

@Injectable()
class Products {
  runs = 0;

  @Cacheable({ store: 'memory', key: (id) => `${id}` })
  @Cacheable({ key: (id) => `product:${id}` })
  async inTwo(_id: number): Promise<number> {
    return ++this.runs;
  }

  @CacheEvict({ key: 'list' })
  @CacheEvict({ key: 'rate', cache: 'rates' })
  @CachePut({ key: (_, id) => `product:${id}` })
  @CachePut({ key: (_, id) => `product:${id}`, cache: 'rates' })
  async save(_id: number): Promise<number> {
    return ++this.runs;
  }

  @CachePut({ key: (_, id) => `put:${id}` })
  @Cacheable({ key: (id) => `product:${id}` })
  async cachedAndPut(_id: number): Promise<number> {
    return ++this.runs;
  }

  @Cacheable({ key: (id) => `product:${id}` })
  @CachePut({ key: (_, id) => `put:${id}` })
  async putOnceMade(_id: number): Promise<number> {
    return ++this.runs;
  }

  @Doubled()
  @Cacheable({ key: (id) => `under:${id}` })
  async cachedUnder(_id: number): Promise<number> {
    return ++this.runs;
  }

  @Cacheable({ key: (id) => `over:${id}` })
  @Doubled()
  async cachedOver(_id: number): Promise<number> {
    return ++this.runs;
  }
}

class Cached {
  runs = 0;

  @Cacheable({ key: 'same' })
  async read(): Promise<number> {
    return ++this.runs;
  }

  @CachePut({ key: 'same' })
  async write(value: number): Promise<number> {
    this.runs++;
    return value;
  }
}

@Injectable()
class CachedAgain extends Cached {
  @Cacheable({ key: 'same' })
  override async read(): Promise<number> {
    return 10 * (await super.read());
  }

  @CachePut({ key: 'other' })
  override async write(value: number): Promise<number> {
    return 10 * (await super.write(value));
  }
}

/** Its own is not cached, that above it is, and so is the one above that. */
@Injectable()
class Topmost extends CachedAgain {
  override async read(): Promise<number> {
    return 1 + (await super.read());
  }
}

let products: Products;
let cache: CacheService;
let caches: CacheRegistry;

beforeEach(async () => {
  const app = await createApp([Products], { caches: ['rates'] });
  products = app.get(Products);
  cache = app.get(CacheService);
  caches = app.get(CacheRegistry);
});

describe('decorators on one method', () => {
  test('may be two caches, one behind the other', async () => {
    expect([await products.inTwo(1), await products.inTwo(1)]).toEqual([1, 1]);
    await caches.memory('Products.inTwo', {}).clear();
    expect(await products.inTwo(1)).toBe(1);
    await cache.clear();
    expect(await products.inTwo(1)).toBe(1);
    await caches.memory('Products.inTwo', {}).clear();

    expect(await products.inTwo(1)).toBe(2);
  });

  test('put and evict in several caches', async () => {
    await cache.set('list', 'old');
    await caches.get('rates').set('rate', 'old');
    await products.save(1);

    expect(await cache.getMany(['product:1', 'list'])).toEqual([1, undefined]);
    expect(await caches.get('rates').getMany(['product:1', 'rate'])).toEqual([1, undefined]);
  });

  test('go from the top: what is below one that hits does not run', async () => {
    await products.cachedAndPut(1);
    await cache.delete('put:1');
    await products.cachedAndPut(1);
    expect(await cache.get('put:1')).toBe(1);
    await cache.delete('put:1');
    await products.putOnceMade(1);

    expect(await cache.has('put:1')).toBe(false);
    await products.putOnceMade(2);
    expect(await cache.has('put:2')).toBe(true);
    expect(products.runs).toBe(2);
  });

  test('of others may stand above and below', async () => {
    expect([await products.cachedUnder(1), await products.cachedUnder(1)]).toEqual([2, 2]);
    expect(await cache.get('under:1')).toBe(1);
    await products.cachedOver(1);

    expect(await cache.get('over:1')).toBe(4);
  });

  test('see what others left on the method, above and below', () => {
    class Guard {
      canActivate(): boolean {
        return true;
      }
    }
    class Marked {
      @SetMetadata('above', 1)
      @Cacheable({ key: () => 'k' })
      @SetMetadata('between', 2)
      @CacheEvict({ key: 'k' })
      @UseGuards(Guard)
      @CachePut({ key: 'k' })
      @SetMetadata('below', 3)
      async read(one: string, two: string): Promise<string> {
        return one + two;
      }
    }
    const { read } = Marked.prototype;

    expect([read.name, read.length]).toEqual(['read', 2]);
    expect(['above', 'between', 'below'].map((key) => Reflect.getMetadata(key, read) as unknown)).toEqual([
      1, 2, 3,
    ]);
    expect(Reflect.getMetadata('__guards__', read)).toEqual([Guard]);
  });

  test('keep what hangs on the method', () => {
    const note = (_target: object, _name: string, descriptor: { value?: () => Promise<number> }): void => {
      Object.assign(descriptor.value ?? {}, { note: 'below' });
    };
    class Noted {
      @Cacheable()
      @note
      async read(): Promise<number> {
        return 1;
      }
    }

    expect(Reflect.get(Noted.prototype.read, 'note')).toBe('below');
  });

  test('may not be two for one cache, which would wait for each other', () => {
    const define = (): unknown => {
      class Twice {
        @Cacheable({ key: 'a' })
        @Cacheable({ key: 'b' })
        async read(): Promise<number> {
          return 1;
        }
      }
      return Twice;
    };

    expect(define).toThrow(DepotConfigError);
    expect(define).toThrow(/^@Cacheable on Twice\.read: it stands there twice for one cache/);
  });
});

describe('an overridden method', () => {
  test('that is cached again calls up without waiting for itself', async () => {
    const cached = (await createApp([CachedAgain])).get(CachedAgain);

    expect([await cached.read(), await cached.read()]).toEqual([10, 10]);
  });

  test('that is not cached, above two that are, does not either', async () => {
    const cached = (await createApp([Topmost])).get(Topmost);

    expect([await cached.read(), await cached.read()]).toEqual([11, 11]);
    expect(cached.runs).toBe(1);
  });

  test('puts what it returns, and so does the one above', async () => {
    const app = await createApp([CachedAgain]);
    await app.get(CachedAgain).write(3);

    expect(await app.get(CacheService).getMany(['same', 'other'])).toEqual([3, 30]);
  });
});
