import type { CacheService } from '../cache.service.js';

/**
 * Which cache an object with cached methods belongs to. Two applications in one process have each their own, so it hangs
 * on the object; and beside it, so that a frozen object can have one and no test sees a property it didn't expect.
 */
const bound = new WeakMap<object, CacheService>();

/**
 * The property through which Nest injects the cache. On the prototype it is an accessor. A registered symbol: classes
 * decorated by one copy of this library are recognised by another.
 */
export const CACHE_SLOT = Symbol.for('nestjs-depot.cache');

/** Gives the prototype its slot; says whether it had none. */
export function defineSlot(prototype: object): boolean {
  if (CACHE_SLOT in prototype) return false;
  Object.defineProperty(prototype, CACHE_SLOT, {
    configurable: true,
    get(this: object) {
      return bound.get(this);
    },
    set(this: object, cache: CacheService) {
      bound.set(this, cache);
    },
  });
  return true;
}

/** Binds an object that has cached methods; any other stays as it is. */
export function bindCache(instance: unknown, cache: CacheService): void {
  if (typeof instance !== 'object' || instance === null) return;
  // Asked of the prototype: an instance may be a proxy that has an answer to every name.
  const prototype: unknown = Object.getPrototypeOf(instance);
  if (typeof prototype === 'object' && prototype !== null && CACHE_SLOT in prototype)
    bound.set(instance, cache);
}

/** The cache of the application that the object lives in; none in a test that made the object by hand. */
export function cacheOf(instance: unknown): CacheService | undefined {
  return typeof instance === 'object' && instance !== null ? bound.get(instance) : undefined;
}
