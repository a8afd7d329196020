/** A decorator's functions get their types from the method below them. */
import { Cacheable } from 'nestjs-depot';
import { exactly } from './exactly.js';

interface Product {
  id: number;
  name: string;
}

export class ProductService {
  @Cacheable({
    key: (id) => {
      exactly<typeof id, number>(true);
      return `product:${id}`;
    },
    ttl: (product) => {
      exactly<typeof product, Product | null>(true);
      return product === null ? '1s' : '10m';
    },
  })
  async find(id: number): Promise<Product | null> {
    return { id, name: '' };
  }

  @Cacheable({ key: (name, since) => `${name.length}:${since.getTime()}` })
  async several(name: string, since: Date): Promise<number> {
    return name.length + since.getTime();
  }

  @Cacheable()
  async without(): Promise<number> {
    return 1;
  }

  @Cacheable({ key: 'rates', ttl: '1m' })
  async fixed(): Promise<number> {
    return 1;
  }

  @Cacheable({ key: (...ids) => ids })
  async rest(...ids: number[]): Promise<number> {
    return ids.length;
  }

  @Cacheable({ key: (name) => name ?? 'nobody' })
  async optional(name?: string): Promise<number> {
    return name === undefined ? 0 : 1;
  }

  // @ts-expect-error the parameter is a number
  @Cacheable({ key: (id: string) => id })
  async wrongKey(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error one parameter more than the method has
  @Cacheable({ key: (id, other) => `${id}:${String(other)}` })
  async wrongCount(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error a wrong unit
  @Cacheable({ key: 'rates', ttl: '1 minute' })
  async wrongUnit(): Promise<number> {
    return 1;
  }

  // @ts-expect-error the method is not async
  @Cacheable({ key: (id) => `${id}` })
  synchronous(id: number): number {
    return id;
  }
}

export abstract class Repository<T extends { id: number }> {
  @Cacheable({ key: (id) => `of:${id}` })
  async find(id: number): Promise<T | null> {
    return this.load(id);
  }

  protected abstract load(id: number): Promise<T | null>;
}
