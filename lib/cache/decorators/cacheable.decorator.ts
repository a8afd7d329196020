import 'reflect-metadata';
import { Inject, Optional } from '@nestjs/common';
import { DepotConfigError } from '../../common/errors.js';
import type { Duration } from '../../common/duration.js';
import { CACHE_SLOT, cacheOf, defineSlot } from './cache.binding.js';
import { keyOf } from './cache.key.js';
import { CacheService } from '../cache.service.js';
import { cacheTtl } from '../cache.ttl.js';

export interface CacheableOptions<A extends readonly unknown[], R> {
  /**
   * The key: one for all calls, or told from the arguments; an array stands for its parts, whatever they are.
   * @default class, method and all arguments
   */
  readonly key?: string | ((...args: A) => string | readonly unknown[]);
  /** How long the result is kept, or a function that tells it from the result. @default `cache.ttl` of the module */
  readonly ttl?: Duration | ((result: R) => Duration);
}

/** The parameters as the method has them, not as a key function would like them. `NoInfer` loses optional ones. */
type Settled<A extends unknown[]> = A extends infer P extends unknown[] ? P : never;

/** The methods that this decorator made. */
const cached = new WeakSet<object>();

/**
 * Answers calls of an async method from the cache, and runs it when there is nothing. For methods of providers and
 * controllers; where no `DepotModule` is at hand, as in a unit test, the method simply runs.
 *
 * ```ts
 * @Cacheable({ key: (id) => `product:${id}`, ttl: '10m' })
 * async find(id: number): Promise<Product | null> {}
 * ```
 *
 * @throws DepotConfigError when the class is defined, for a bad ttl or on what is not a method of an instance
 */
export function Cacheable<A extends unknown[], R>(
  options: CacheableOptions<Settled<A>, NoInfer<R>> = {},
): (
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<(...args: A) => Promise<R>>,
) => void {
  return (target, name, descriptor) => {
    const method = descriptor.value;
    const place = `@Cacheable on ${className(target)}.${String(name)}`;
    if (typeof target === 'function' || typeof method !== 'function') {
      throw new DepotConfigError(`${place}: expected a method of an instance`);
    }
    const { key, ttl } = options as CacheableOptions<A, R>;
    if (ttl !== undefined && typeof ttl !== 'function') cacheTtl(ttl, `${place}: ttl`);

    const answer = async function (this: object, ...args: A): Promise<R> {
      const cache = cacheOf(this);
      if (!cache || overridden(this, name, answer)) return method.apply(this, args);
      const found = typeof key === 'function' ? key(...args) : (key ?? args);
      const prefix = key === undefined ? `${className(this)}.${String(name)}` : '';
      const work = (): Promise<R> => method.apply(this, args);
      return cache.getOrSet(
        typeof found === 'string' ? found : keyOf(prefix, found),
        work,
        ttl === undefined ? {} : { ttl },
      );
    };
    cached.add(answer);
    takeAfter(answer, method);
    descriptor.value = answer;
    if (defineSlot(target)) {
      Inject(CacheService)(target, CACHE_SLOT);
      Optional()(target, CACHE_SLOT);
    }
  };
}

/** By `super`, from a cached override: looking again, under a key that may be the same, would wait for itself. */
function overridden(instance: object, name: string | symbol, answer: object): boolean {
  const method: unknown = Reflect.get(instance, name);
  return typeof method === 'function' && method !== answer && cached.has(method);
}

/** Other decorators find the name, the length and the metadata that they left on the method. */
function takeAfter(answer: object, method: object): void {
  for (const property of ['name', 'length']) {
    Object.defineProperty(answer, property, { value: Reflect.get(method, property), configurable: true });
  }
  for (const key of Reflect.getOwnMetadataKeys(method)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), answer);
  }
}

function className(target: object): string {
  return typeof target === 'function' ? target.name : target.constructor.name;
}
