import { siteOf } from '../../common/decorators/decorated.method.js';
import type { ArgumentsOf, DecoratorOf, LaterMethod } from '../../common/decorators/method.types.js';
import { told, type Told } from '../../common/decorators/told.js';
import type { Duration } from '../../common/duration.js';
import type { SetOptions } from '../cache.options.js';
import { otherPlace, PLACE_KEYS, type CachePlaceOptions, type MemoryOfOptions } from './cache.place.js';
import { decorateCached } from './cached.method.js';
import { checkOptions, keyFrom } from './decorator.options.js';
import type { KeyOrParts, ResultOf } from './method.types.js';
import { afterwards, isNothing, lastOf } from './observable.values.js';
import { DepotConfigError } from '../../common/errors.js';

/** Functions are given the result, then the method's arguments; of an Observable's values, the last one is the result. */
export interface CachePutOptions<A extends readonly unknown[] = readonly unknown[], R = unknown>
  extends Omit<SetOptions, 'ttl' | 'tags'>, CachePlaceOptions, MemoryOfOptions {
  /** The key: always the same, or told from the result; an array stands for its parts, whatever they are. */
  readonly key: string | ((result: R, ...args: A) => KeyOrParts);
  /** How long the result is fresh, or a function that tells it from the result. @default that of the cache */
  readonly ttl?: Duration | ((result: NonNullable<R>) => Duration);
  /** With any of them `invalidateTags` and `@CacheEvict` remove the result. */
  readonly tags?: Told<readonly [result: R, ...args: A], readonly string[]>;
  /** False: the method just runs. @default always true */
  readonly when?: (...args: A) => boolean;
  /** Results for which it is true are returned and not stored; what was there stays. @default always false */
  readonly unless?: (result: R, ...args: A) => boolean;
}

/** What the options are once their functions may be given anything. */
type Erased = CachePutOptions<readonly never[], never>;

const KEYS = [
  ...PLACE_KEYS,
  'memoryOf',
  'key',
  'ttl',
  'nullTtl',
  'grace',
  'jitter',
  'tags',
  'when',
  'unless',
];

/**
 * Runs a method and stores its result, in place of what was there, once it has succeeded. The caller has it after that.
 * `undefined` removes what was there.
 *
 * ```ts
 * @CachePut({ key: (product) => `product:${product.id}` })
 * async save(product: Product): Promise<Product> {}
 * ```
 *
 * @throws DepotConfigError when the class is defined, for a bad option or on what is not a method of an instance. A call
 * rejects when the result can't be stored, and what was there is removed
 */
export function CachePut<F extends LaterMethod>(
  options: CachePutOptions<ArgumentsOf<NoInfer<F>>, ResultOf<NoInfer<F>>>,
): DecoratorOf<F> {
  return (target, name, descriptor) => {
    const site = siteOf('@CachePut', target, name, descriptor);
    const { title } = site;
    checkOptions(options, title, KEYS);
    const { key, ttl, tags, when, unless, nullTtl, grace, jitter } = options as unknown as Erased;
    if ((key as unknown) === undefined)
      throw new DepotConfigError(`${title}: key is undefined; expected a text or a function`);
    const place = otherPlace(options, title, target);
    const always: SetOptions = {
      ...(ttl !== undefined && typeof ttl !== 'function' && { ttl }),
      ...(nullTtl !== undefined && { nullTtl }),
      ...(grace !== undefined && { grace }),
      ...(jitter !== undefined && { jitter }),
    };

    const mark = { decorator: '@CachePut', place, hasDefaultKey: false } as const;
    decorateCached(site, descriptor, mark, (call) => {
      const args = call.args as readonly never[];
      if (when && !when(...args)) return call.run();
      return afterwards(call.run(), async (stored) => {
        const result = lastOf(stored) as never;
        if (unless?.(result, ...args)) return;
        const cache = place.in(call.bound);
        const its = keyFrom(told(key, [result, ...args]), title);
        try {
          await cache.set(its, isNothing(stored) ? undefined : stored, {
            ...always,
            ...(typeof ttl === 'function' && isThere(result) && { ttl: ttl(result) }),
            ...(tags !== undefined && { tags: told(tags, [result, ...args]) }),
          });
        } catch (error) {
          // The method has changed something: what was stored before it is wrong now, whatever the result is.
          await cache.delete(its);
          throw error;
        }
      });
    });
  };
}

const isThere = (result: unknown): boolean => result !== undefined && result !== null;
