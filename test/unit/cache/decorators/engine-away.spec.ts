import { expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { CacheRegistry } from '../../../../lib/cache/cache.registry.js';
import type { CacheStore } from '../../../../lib/cache/cache.store.js';
import { CACHES } from '../../../../lib/cache/decorators/cache.binding.js';
import { CacheEvict } from '../../../../lib/cache/decorators/cache-evict.decorator.js';
import { CachePut } from '../../../../lib/cache/decorators/cache-put.decorator.js';
import { Cacheable } from '../../../../lib/cache/decorators/cacheable.decorator.js';
import { EngineUnavailableError } from '../../../../lib/common/errors.js';
import { EmbeddedCacheEngine } from '../../../../lib/engines/embedded/embedded-cache.engine.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { sourcesOn } from './cache-app.js';

@Injectable()
class Products {
  runs = 0;

  @Cacheable({ key: 'product', tags: ['products'] })
  async find(): Promise<number> {
    return ++this.runs;
  }

  @CachePut({ key: 'product' })
  async save(): Promise<number> {
    return ++this.runs;
  }

  @CacheEvict({ key: 'product', tags: ['products'], pattern: 'product:*' })
  async remove(): Promise<number> {
    return ++this.runs;
  }

  @CacheEvict({ all: true, before: true })
  async removeAll(): Promise<number> {
    return ++this.runs;
  }
}

/** A store of which everything that takes time fails. */
function away(store: CacheStore): CacheStore {
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      const isLocal = ['peek', 'idOf', 'onChange', 'size'].includes(String(name));
      if (isLocal || typeof method !== 'function') return method;
      return () => Promise.reject(new EngineUnavailableError("Can't reach Redis"));
    },
  });
}

test('without the engine methods run, and their results stand', async () => {
  const sources = sourcesOn(new ManualClock());
  const engine = new EmbeddedCacheEngine();
  engine.open = (...args) => away(EmbeddedCacheEngine.prototype.open.apply(engine, args));
  const products = new Products();
  CACHES.bind(products, new CacheRegistry({ ...sources, engine }));

  const results = [
    await products.find(),
    await products.find(),
    await products.save(),
    await products.remove(),
    await products.removeAll(),
  ];

  expect(results).toEqual([1, 2, 3, 4, 5]);
});
