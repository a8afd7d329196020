/** Functions in the options of cache decorators get their types from the method below them. */
import { Cacheable, CacheEvict, CachePut } from 'nestjs-depot';
import { of, type Observable } from 'rxjs';
import { exactly } from './exactly.js';

interface Product {
  id: number;
  name: string;
}

const takesText = (text: string): string => text;

export class ProductService {
  @Cacheable({
    key: (id) => {
      exactly<typeof id, number>(true);
      return `product:${id}`;
    },
    ttl: (product) => {
      exactly<typeof product, Product>(true);
      return product.name === '' ? '1s' : '10m';
    },
    tags: (id) => {
      exactly<typeof id, number>(true);
      return [`shelf:${id}`];
    },
    when: (id) => {
      exactly<typeof id, number>(true);
      return id > 0;
    },
    unless: (product, id) => {
      exactly<typeof product, Product | null>(true);
      exactly<typeof id, number>(true);
      return product === null && id > 0;
    },
    nullTtl: '10s',
    grace: '1h',
    jitter: 0.1,
    refreshAhead: 0.8,
    timeout: { soft: '100ms', hard: '1s' },
    errorTtl: '1s',
    cache: 'products',
    namespace: 'shop',
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

  @Cacheable({ key: 'rates', ttl: '1m', tags: ['rates'] })
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

  @Cacheable({ store: 'memory', policy: 'ttl', max: 100 })
  async inMemory(): Promise<number> {
    return 1;
  }

  @Cacheable({
    key: (id) => {
      exactly<typeof id, number>(true);
      return `product:${id}`;
    },
    unless: (product) => {
      exactly<typeof product, Product>(true);
      return product.name === '';
    },
  })
  observed(id: number): Observable<Product> {
    return of({ id, name: '' });
  }

  @CachePut({
    key: (product, name) => {
      exactly<typeof product, Product>(true);
      exactly<typeof name, string>(true);
      return `product:${product.id}:${name}`;
    },
    ttl: (product) => (product.id > 0 ? '1m' : 0),
    tags: (product, name) => [product.name, name],
    when: (name) => name !== '',
    unless: (product, name) => product.name !== name,
  })
  async create(name: string): Promise<Product> {
    return { id: 1, name };
  }

  @CachePut({ key: (product) => ['product', product.id], tags: ['products'], grace: '1h' })
  replace(product: Product): Observable<Product> {
    return of(product);
  }

  @CacheEvict({
    key: (id) => {
      exactly<typeof id, number>(true);
      return `product:${id}`;
    },
    keys: (id, shelves) => shelves.map((shelf) => ['shelf', shelf, id]),
    tags: (id) => [`shelf:${id}`],
    pattern: (id) => `list:*:${id}`,
    when: (id, shelves) => shelves.includes(String(id)),
    before: true,
  })
  @CacheEvict({ all: true, cache: 'lists' })
  @CacheEvict({ keys: ['a', 'b'], tags: ['lists'], memoryOf: 'inMemory' })
  @CachePut({ key: 'last' })
  async remove(id: number, shelves: readonly string[]): Promise<void> {
    await Promise.resolve([id, shelves]);
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
  @Cacheable({ key: (id) => String(id) })
  synchronous(id: number): number {
    return id;
  }

  // @ts-expect-error a number is no text
  @Cacheable({ key: (id) => encodeURIComponent(Number.isNaN(id) ? '' : takesText(id)) })
  async wrongUse(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error a name is no duration
  @Cacheable({ ttl: (product) => product.name })
  async wrongTtl(id: number): Promise<Product> {
    return { id, name: '' };
  }

  // @ts-expect-error a key is no number
  @Cacheable({ key: (id) => id })
  async numberAsKey(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error tags are texts
  @Cacheable({ tags: (id) => [id] })
  async numbersAsTags(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error there is no such store
  @Cacheable({ store: 'redis' })
  async wrongStore(): Promise<number> {
    return 1;
  }

  // @ts-expect-error there is no such option
  @Cacheable({ time: '1m' })
  async unknownOption(): Promise<number> {
    return 1;
  }

  // @ts-expect-error a key has to be told
  @CachePut({ ttl: '1m' })
  async putWithoutKey(id: number): Promise<number> {
    return id;
  }

  // @ts-expect-error the result comes first
  @CachePut({ key: (name: string) => name })
  async putWithArgumentFirst(name: string): Promise<number> {
    return name.length;
  }

  // @ts-expect-error the method is not async
  @CachePut({ key: 'k' })
  putSynchronously(id: number): number {
    return id;
  }

  // @ts-expect-error the parameter is a number
  @CacheEvict({ key: (id: string) => id })
  async evictWrongKey(id: number): Promise<void> {
    await Promise.resolve(id);
  }

  // @ts-expect-error everything, or not
  @CacheEvict({ all: false })
  async evictAllOrNot(): Promise<void> {}
}

export abstract class Repository<T extends { id: number }> {
  @Cacheable({ key: (id) => `of:${id}`, unless: (found) => found?.id === 0 })
  async find(id: number): Promise<T | null> {
    return this.load(id);
  }

  @CachePut({ key: (stored) => `of:${stored.id}` })
  async store(value: T): Promise<T> {
    return Promise.resolve(value);
  }

  protected abstract load(id: number): Promise<T | null>;
}
