import { expect, it } from '@jest/globals';
import { Inject, Injectable, Logger, Module, type INestApplicationContext } from '@nestjs/common';
import {
  Cacheable,
  CacheEvict,
  CachePut,
  CacheService,
  DepotModule,
  getCacheToken,
  InjectCache,
  type WarmUp,
} from 'nestjs-depot';
import { startApp } from '../support/app.js';
import { missingExamples } from '../support/examples.js';

class Rates {
  readonly usd = 1.1;
}

let fetched = 0;
const fetchRates = async (): Promise<Rates> => {
  fetched++;
  return new Rates();
};

@Injectable()
class RateService {
  constructor(private readonly cache: CacheService) {}

  async rates(): Promise<Rates> {
    return this.cache.getOrSet('rates', () => fetchRates(), { ttl: '1m', grace: '1h' });
  }
}

class Product {
  constructor(
    readonly id: number,
    readonly name: string,
  ) {}
}

/** Stands for a database. */
@Injectable()
class Products {
  readonly stored = new Map<number, Product>();
  readonly loads: number[] = [];

  async load(id: number): Promise<Product | null> {
    this.loads.push(id);
    return this.stored.get(id) ?? null;
  }

  async save(product: Product): Promise<Product> {
    this.stored.set(product.id, product);
    return product;
  }

  async remove(id: number): Promise<void> {
    this.stored.delete(id);
  }
}

// The example shows methods alone; what they work with is injected below.
/* eslint-disable @typescript-eslint/no-unsafe-declaration-merging */
interface ProductService {
  readonly products: Products;
}

@Injectable()
class ProductService {
  @Cacheable({ key: (id) => `product:${id}`, ttl: '10m', tags: ['products'], grace: '1h', jitter: 0.1 })
  async find(id: number): Promise<Product | null> {
    return this.products.load(id);
  }

  @CachePut({ key: (product) => `product:${product.id}` })
  @CacheEvict({ tags: ['lists'] })
  async save(product: Product): Promise<Product> {
    return this.products.save(product);
  }

  @CacheEvict({ key: (id) => `product:${id}`, tags: ['lists'] })
  async remove(id: number): Promise<void> {
    await this.products.remove(id);
  }
}

/* eslint-enable @typescript-eslint/no-unsafe-declaration-merging */

@Injectable()
class Watching {
  readonly warned: string[] = [];
  readonly logger: Pick<Logger, 'log' | 'warn'> = {
    log: (message: string) => this.warned.push(message),
    warn: (message: string) => this.warned.push(message),
  };

  constructor(
    readonly cache: CacheService,
    readonly products: Products,
    @InjectCache('rates') readonly rates: CacheService,
  ) {}

  async begin(top: readonly number[]): Promise<WarmUp> {
    const { done, failed } = await this.cache.warm(
      top.map((id) => ({ key: `product:${id}`, factory: () => this.products.load(id) })),
      { concurrency: 4, onProgress: ({ done }) => this.logger.log(`${done} of ${top.length}`) },
    );
    return { done, failed };
  }
}

Inject(Products)(ProductService.prototype, 'products');

// As docs/cache.md has it, which is not indented.
// prettier-ignore
function look(this: Watching) {
  const { ratio, staleHits, latency, groups } = this.cache.stats();
  const stop = this.cache.on('factoryError', ({ key, error }) => this.logger.warn(`${key}: ${String(error)}`));
  return { ratio, staleHits, latency, groups, stop };
}

const further = [
  DepotModule.registerCache({ name: 'rates', ttl: '1m', grace: '1h', memory: { max: 500, maxBytes: '1mb' } }),
];

@Module({
  imports: [DepotModule.forRoot({ logger: false }), ...further],
  providers: [RateService, Products, ProductService, Watching],
})
class AppModule {}

const app = (): Promise<INestApplicationContext> => startApp(AppModule);

it('the examples of docs/cache.md are the ones that run here', async () => {
  expect(await missingExamples('docs/cache.md', 'test/integration/cache-service.example.spec.ts')).toEqual(
    [],
  );
});

it('rates are fetched once', async () => {
  const service = (await app()).get(RateService);

  expect(await service.rates()).toEqual({ usd: 1.1 });
  expect(await service.rates()).toEqual({ usd: 1.1 });
  expect(fetched).toBe(1);
});

it('a product is loaded once, also when there is none, put when it is saved, and evicted when it is removed', async () => {
  const context = await app();
  const [service, { loads }] = [context.get(ProductService), context.get(Products)];
  expect([await service.find(1), await service.find(1)]).toEqual([null, null]);
  expect(loads).toEqual([1]);
  await context.get(CacheService).set('list', [1], { tags: ['lists'] });
  await service.save(new Product(1, 'Chair'));
  expect(await service.find(1)).toEqual({ id: 1, name: 'Chair' });
  expect(loads).toEqual([1]);
  expect(await context.get(CacheService).has('list')).toBe(false);
  await service.remove(1);

  expect(await service.find(1)).toBeNull();
  expect(loads).toEqual([1, 1]);
});

it('a cache of its own has its own keys', async () => {
  const context = await app();
  await context.get(Watching).rates.set('k', 1);

  expect(context.get(getCacheToken('rates'))).toBe(context.get(Watching).rates);
  expect(await context.get(CacheService).has('k')).toBe(false);
});

it('a warm-up, the statistics and the events tell what happens', async () => {
  const context = await app();
  const watching = context.get(Watching);
  const failing = (): never => {
    throw new Error('no luck');
  };

  expect(await watching.begin([1, 2])).toEqual({ done: 2, failed: [] });
  await context.get(CacheService).get('product:1');
  const { ratio, staleHits, groups, stop } = look.call(watching);
  expect([ratio, staleHits, groups['product']?.hits]).toEqual([1 / 3, 0, 1]);
  await expect(context.get(CacheService).getOrSet('x', failing)).rejects.toThrow('no luck');
  stop();
  expect(watching.warned).toEqual(['1 of 2', '2 of 2', 'x: Error: no luck']);
});
