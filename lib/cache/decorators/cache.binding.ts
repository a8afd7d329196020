import type { CacheRegistry } from '../cache.registry.js';

/**
 * Whose caches an object with cached methods uses. Two applications in one process have each their own, so it hangs on the
 * object; and beside it, so that a frozen object can have one and no test sees a property it didn't expect.
 */
const bound = new WeakMap<object, CacheRegistry>();

/**
 * The property through which Nest injects the caches. On the prototype it is an accessor. A registered symbol: classes
 * decorated by one copy of this library are recognised by another.
 */
export const CACHE_SLOT = Symbol.for('nestjs-depot.caches');

/** Gives the prototype its slot; says whether it had none. */
export function defineSlot(prototype: object): boolean {
  if (CACHE_SLOT in prototype) return false;
  Object.defineProperty(prototype, CACHE_SLOT, {
    configurable: true,
    get(this: object) {
      return bound.get(this);
    },
    set(this: object, caches: CacheRegistry) {
      bound.set(this, caches);
    },
  });
  return true;
}

/** Binds an object that has cached methods; any other stays as it is. */
export function bindCaches(instance: unknown, caches: CacheRegistry): void {
  if (typeof instance !== 'object' || instance === null) return;
  // Asked of the prototype: an instance may be a proxy that has an answer to every name.
  const prototype: unknown = Object.getPrototypeOf(instance);
  if (typeof prototype === 'object' && prototype !== null && CACHE_SLOT in prototype)
    bound.set(instance, caches);
}

/** The caches of the application that the object lives in; none in a test that made the object by hand. */
export function cachesOf(instance: unknown): CacheRegistry | undefined {
  return typeof instance === 'object' && instance !== null ? bound.get(instance) : undefined;
}
