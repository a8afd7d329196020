import { describe, expect, test } from '@jest/globals';
import { Controller, Injectable, Scope, type Type } from '@nestjs/common';
import { CacheBinder } from '../../../../lib/cache/decorators/cache-binder.service.js';
import { CacheEvict } from '../../../../lib/cache/decorators/cache-evict.decorator.js';
import { CachePut } from '../../../../lib/cache/decorators/cache-put.decorator.js';
import { Cacheable } from '../../../../lib/cache/decorators/cacheable.decorator.js';
import { DepotConfigError } from '../../../../lib/common/errors.js';
import { createApp } from './cache-app.js';

@Injectable()
class Rates {
  @Cacheable({ key: 'rate', cache: 'rats' })
  async rate(): Promise<number> {
    return 1;
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedRates extends Rates {}

@Injectable({ scope: Scope.TRANSIENT })
class TransientRates extends Rates {}

@Controller()
class RatesController {
  @CacheEvict({ all: true, cache: 'rats' })
  async clear(): Promise<void> {}
}

@Injectable()
class Misled {
  @Cacheable()
  async shared(): Promise<number> {
    return 1;
  }

  @CachePut({ key: 'k', memoryOf: 'shared' })
  async put(): Promise<number> {
    return 1;
  }
}

// Each makes another class of the same name, as from two files.
const byDefaultKey = (): Type => {
  @Injectable()
  class Product {
    @Cacheable()
    async find(id: number): Promise<number> {
      return id;
    }
  }
  return Product;
};

const byKey = (): Type => {
  @Injectable()
  class Product {
    @Cacheable({ key: (id) => `product:${id}` })
    async find(id: number): Promise<number> {
      return id;
    }
  }
  return Product;
};

const inMemory = (): Type => {
  @Injectable()
  class Product {
    @Cacheable({ key: (id) => `product:${id}`, store: 'memory' })
    async find(id: number): Promise<number> {
      return id;
    }
  }
  return Product;
};

const inNamespace = (): Type => {
  @Injectable()
  class Product {
    @Cacheable({ namespace: 'other' })
    async find(id: number): Promise<number> {
      return id;
    }
  }
  return Product;
};

describe('at start-up', () => {
  test.each<[string, () => ReturnType<typeof createApp>]>([
    ['provider', () => createApp([Rates])],
    ['provider of a request', () => createApp([ScopedRates])],
    ['transient provider', () => createApp([TransientRates])],
    ['factory provider', () => createApp([{ provide: 'rates', useFactory: () => new Rates() }])],
    ['value provider', () => createApp([{ provide: 'rates', useValue: new Rates() }])],
  ])('an unknown cache of a %s is an error that names class, method and cache', async (_, start) => {
    await expect(start()).rejects.toThrow(DepotConfigError);
    await expect(start()).rejects.toThrow(
      /^@Cacheable on Rates\.rate: cache "rats" is not registered; there are: default/,
    );
  });

  test('so is that of a controller', async () => {
    await expect(createApp([], { controllers: [RatesController] })).rejects.toThrow(
      /^@CacheEvict on RatesController\.clear: cache "rats"/,
    );
  });

  test('so is a method that has no cache of its own', async () => {
    await expect(createApp([Misled])).rejects.toThrow(
      /^@CachePut on Misled\.put: memoryOf is "shared"; expected a method with @Cacheable\(\{ store: 'memory' \}\)/,
    );
  });

  test.each([
    ['whose default keys would be the same', byDefaultKey],
    ['that would share a cache of their own', inMemory],
  ])('two classes of one name %s are an error', async (_, make) => {
    const started = createApp([make(), { provide: 'another', useClass: make() }]);

    await expect(started).rejects.toThrow(DepotConfigError);
    await expect(started).rejects.toThrow(
      /^@Cacheable on Product\.find: there are two classes of the name Product/,
    );
  });

  test('two classes of one name are none with keys or places of their own', async () => {
    const makers = [byKey, byKey, byDefaultKey, inNamespace, inMemory];
    const providers = makers.map((make, index) => ({ provide: `product ${index}`, useClass: make() }));

    await expect(createApp(providers)).resolves.toBeDefined();
  });

  test('one class in several providers is one', async () => {
    const Product = byDefaultKey();
    const app = await createApp([Product, { provide: 'again', useClass: Product }]);
    app.get(CacheBinder).bind();

    expect(app.get('again')).toBeInstanceOf(Product);
  });
});
