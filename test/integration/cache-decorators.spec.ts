import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Param, Scope, type INestApplication, type Type } from '@nestjs/common';
import { ModuleRef, NestFactory } from '@nestjs/core';
import {
  Cacheable,
  CacheEvict,
  CacheKey,
  CachePut,
  CacheRegistry,
  CacheService,
  DepotConfigError,
  DepotModule,
  InjectCache,
  Processor,
  Task,
} from 'nestjs-depot';
import { firstValueFrom, of, toArray, type Observable } from 'rxjs';
import { appModule, ENGINES, optionsFor, queueOf, startApp } from '../support/app.js';

interface Product {
  readonly id: number;
  readonly name: string;
  readonly since: Date;
}

@Injectable()
class ProductService {
  reads = 0;
  private readonly names = new Map<number, string>([[1, 'one']]);

  constructor(@InjectCache('rates') readonly rateCache: CacheService) {}

  @Cacheable({ key: (id) => CacheKey.of('product', id), ttl: '10m', tags: ['products'], grace: '1h' })
  async find(id: number): Promise<Product | null> {
    this.reads++;
    const name = this.names.get(id);
    return name === undefined ? null : { id, name, since: new Date(0) };
  }

  @Cacheable({ tags: ['lists'] })
  async list(filter: { readonly from?: number; readonly to?: number }): Promise<number[]> {
    this.reads++;
    return [...this.names.keys()].filter((id) => id >= (filter.from ?? 0) && id <= (filter.to ?? 100));
  }

  @CachePut({ key: (product) => CacheKey.of('product', product.id), tags: ['products'] })
  @CacheEvict({ tags: ['lists'] })
  async save(product: Product): Promise<Product> {
    this.names.set(product.id, product.name);
    return product;
  }

  @CacheEvict({ key: (id) => CacheKey.of('product', id), tags: ['lists'] })
  async remove(id: number): Promise<void> {
    this.names.delete(id);
  }

  @CacheEvict({ pattern: 'product:*' })
  @CacheEvict({ all: true, namespace: 'news' })
  async restock(): Promise<void> {}

  @Cacheable({ key: 'news', namespace: 'news' })
  async news(): Promise<number> {
    return ++this.reads;
  }

  @Cacheable({ key: 'euro', cache: 'rates' })
  async rate(): Promise<number> {
    return ++this.reads;
  }

  @Cacheable({ key: (id) => `ticks:${id}` })
  ticks(id: number): Observable<number> {
    this.reads++;
    return of(id, id + 1, id + 2);
  }

  @Cacheable({ store: 'memory', max: 100 })
  async own(): Promise<number> {
    return ++this.reads;
  }
}

@Injectable()
class BookService extends ProductService {
  override async list(filter: { readonly from?: number }): Promise<number[]> {
    return super.list(filter);
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedService {
  static reads = 0;

  @Cacheable({ key: 'scoped' })
  async read(): Promise<number> {
    return ++ScopedService.reads;
  }
}

const shop = (engine: (typeof ENGINES)[number], namespace?: string): Type =>
  appModule(optionsFor(engine, namespace === undefined ? {} : { namespace }), [], {
    imports: [DepotModule.registerCache({ name: 'rates', ttl: '1m' })],
    providers: [
      ProductService,
      BookService,
      ScopedService,
      { provide: 'made', inject: ['depot'], useFactory: () => new ProductService(undefined as never) },
      { provide: 'depot', useValue: new ProductService(undefined as never) },
    ],
  });

describe.each(ENGINES)('cache decorators on the %s engine', (engine) => {
  it('answer from the cache, store anew, and evict', async () => {
    const app = await startApp(shop(engine));
    const products = app.get(ProductService);
    const one = { id: 1, name: 'one', since: new Date(0) };
    expect([await products.find(1), await products.find(1)]).toEqual([one, one]);
    expect([await products.find(2), await products.find(2)]).toEqual([null, null]);
    expect(await products.list({ from: 1, to: 9 })).toEqual([1]);
    expect(await products.list({ to: 9, from: 1 })).toEqual([1]);
    expect(products.reads).toBe(3);

    await products.save({ id: 2, name: 'two', since: new Date(1) });
    expect(await products.find(2)).toEqual({ id: 2, name: 'two', since: new Date(1) });
    expect(products.reads).toBe(3);
    expect(await products.list({ from: 1, to: 9 })).toEqual([1, 2]);

    await products.remove(1);
    expect(await products.find(1)).toBeNull();
    expect(await products.list({ to: 9, from: 1 })).toEqual([2]);

    await products.news();
    await products.restock();
    const reads = products.reads;
    await Promise.all([products.find(1), products.find(2), products.news()]);
    expect(products.reads).toBe(reads + 3);
  });

  it('name further caches, namespaces, and caches of a method', async () => {
    const app = await startApp(shop(engine));
    const products = app.get(ProductService);
    const value = await products.rate();
    expect(await products.rate()).toBe(value);
    expect(await products.rateCache.get('euro')).toBe(value);
    expect(await app.get(CacheRegistry).get('rates').get('euro')).toBe(value);
    expect(await app.get(CacheService).get('euro')).toBeUndefined();
    const own = await products.own();
    await Promise.all([app.get(CacheService).clear(), products.rateCache.clear()]);
    expect(await products.own()).toBe(own);
    expect(await products.rate()).not.toBe(value);
  });

  it('store all values of an Observable', async () => {
    const products = (await startApp(shop(engine))).get(ProductService);
    const ticks = products.ticks(5);
    for (let n = 0; n < 2; n++) {
      expect(await firstValueFrom(ticks.pipe(toArray()))).toEqual([5, 6, 7]);
    }
    expect(products.reads).toBe(1);
  });

  it('work on providers of every origin and scope', async () => {
    const app = await startApp(shop(engine));
    for (const token of [ProductService, BookService, 'made', 'depot']) {
      const products = app.get<ProductService>(token);
      const value = products.ticks(1);
      await Promise.all([firstValueFrom(value), products.find(1)]);
      await app.get(CacheService).delete('product:1');
      await products.find(1);
      await products.find(1);
    }
    // Each read what had been deleted; the first one read all the rest for everybody.
    expect(app.get(ProductService).reads).toBe(3);
    expect(app.get<ProductService>('made').reads).toBe(1);
    const [first, second] = await Promise.all([app.resolve(ScopedService), app.resolve(ScopedService)]);
    expect(await first.read()).toBe(await second.read());
  });

  it('share what they store with other applications of the namespace only on Redis', async () => {
    const { namespace } = optionsFor(engine);
    const [one, other] = [await startApp(shop(engine, namespace)), await startApp(shop(engine, namespace))];
    await one.get(ProductService).find(1);
    await other.get(ProductService).find(1);
    expect(other.get(ProductService).reads).toBe(engine === 'redis' ? 0 : 1);
    await one.get(ProductService).own();
    await other.get(ProductService).own();
    expect(other.get(ProductService).reads).toBe(engine === 'redis' ? 1 : 2);
  });

  it('stand on handlers of tasks', async () => {
    @Processor('stock')
    class Stock {
      reads = 0;

      @Task()
      @Cacheable({ key: (sku) => `stock:${sku}` })
      async count(_sku: string): Promise<number> {
        return ++this.reads;
      }

      @CacheEvict({ key: (sku) => `stock:${sku}` })
      @Task()
      async sold(sku: string): Promise<string> {
        return sku;
      }
    }
    const app = await startApp(appModule(optionsFor(engine), ['stock'], { providers: [Stock] }));
    const queue = queueOf(app, 'stock');
    const run = async (name: string): Promise<unknown> => (await queue.add(name, 'a')).result();
    expect([await run('count'), await run('count')]).toEqual([1, 1]);
    expect(await run('sold')).toBe('a');
    expect(await run('count')).toBe(2);
  });

  it('an unknown cache stops the application from starting', async () => {
    @Injectable()
    class Misnamed {
      @Cacheable({ key: 'rate', cache: 'rats' })
      async rate(): Promise<number> {
        return 1;
      }
    }
    const started = startApp(appModule(optionsFor(engine), [], { providers: [Misnamed] }));
    await expect(started).rejects.toThrow(DepotConfigError);
    await expect(started).rejects.toThrow(/^@Cacheable on Misnamed\.rate: cache "rats" is not registered/);
  });
});

describe('a controller', () => {
  it('may have cached routes', async () => {
    @Controller('products')
    class ProductsController {
      reads = 0;

      constructor(readonly modules: ModuleRef) {}

      @Get(':id')
      @Cacheable({ key: (id) => `route:${id}` })
      async find(@Param('id') id: string): Promise<{ id: string; read: number }> {
        return { id, read: ++this.reads };
      }

      @Cacheable({ key: (id) => `observed:${id}` })
      @Get('observed/:id')
      observed(@Param('id') id: string): Observable<{ id: string; read: number }> {
        return of({ id, read: ++this.reads });
      }
    }
    const module = appModule(optionsFor('embedded'), [], {});
    Reflect.defineMetadata('controllers', [ProductsController], module);
    const app: INestApplication = await NestFactory.create(module, { logger: false, abortOnError: false });
    try {
      await app.listen(0, '127.0.0.1');
      const get = async (path: string): Promise<unknown> =>
        (await fetch(`${await app.getUrl()}/products/${path}`)).json();
      expect([await get('1'), await get('1'), await get('2')]).toEqual([
        { id: '1', read: 1 },
        { id: '1', read: 1 },
        { id: '2', read: 2 },
      ]);
      expect([await get('observed/1'), await get('observed/1')]).toEqual([
        { id: '1', read: 3 },
        { id: '1', read: 3 },
      ]);
    } finally {
      await app.close();
    }
  });
});
