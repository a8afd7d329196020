import { from, mergeMap, type Observable } from 'rxjs';
import { siteOf } from '../../common/decorators/decorated.method.js';
import type { ArgumentsOf, DecoratorOf, LaterMethod } from '../../common/decorators/method.types.js';
import { noObservable } from '../../common/decorators/result.kind.js';
import { told, within, type Told } from '../../common/decorators/told.js';
import { DepotConfigError, show } from '../../common/errors.js';
import { checkKey } from '../../common/key.js';
import { checkTags } from '../cache.lifetime.js';
import type { CacheService } from '../cache.service.js';
import { otherPlace, PLACE_KEYS, type CachePlaceOptions, type MemoryOfOptions } from './cache.place.js';
import { decorateCached } from './cached.method.js';
import { checkOptions, keyFrom } from './decorator.options.js';
import type { KeyOrParts } from './method.types.js';
import { afterwards } from './observable.values.js';

/** What is removed; at least one of `key`, `keys`, `tags`, `pattern` and `all`. Functions are given the method's arguments. */
export interface CacheEvictOptions<A extends readonly unknown[] = readonly unknown[]>
  extends CachePlaceOptions, MemoryOfOptions {
  /** The entry of this key; an array stands for its parts, whatever they are. */
  readonly key?: string | ((...args: A) => KeyOrParts);
  /** The entries of all these keys. */
  readonly keys?: Told<A, readonly KeyOrParts[]>;
  /** All entries that have one of these tags, in all namespaces of the cache. */
  readonly tags?: Told<A, readonly string[]>;
  /** All entries whose key matches, as in `CacheService.deletePattern`. */
  readonly pattern?: Told<A, string>;
  /** All entries of the cache, or of the namespace. */
  readonly all?: true;
  /** True: before the method runs, and whether or not it succeeds. @default after it has succeeded */
  readonly before?: boolean;
  /** False: the method just runs. @default always true */
  readonly when?: (...args: A) => boolean;
}

/** What the options are once their functions may be given anything. */
type Erased = CacheEvictOptions<readonly never[]>;

const WHAT = ['key', 'keys', 'tags', 'pattern', 'all'] as const;
const KEYS = [...PLACE_KEYS, ...WHAT, 'memoryOf', 'before', 'when'];

/**
 * Removes entries from a cache once a method has succeeded, or before it runs. The caller has its result after that. What is to be removed
 * is told from the arguments before the method runs, so that nothing is done when it can't be told.
 *
 * ```ts
 * @CacheEvict({ key: (id) => `product:${id}`, tags: ['lists'] })
 * async remove(id: number): Promise<void> {}
 * ```
 *
 * @throws DepotConfigError when the class is defined, for a bad option, on what is not a method of an instance, or when
 * nothing to remove is named
 */
export function CacheEvict<F extends LaterMethod>(
  options: CacheEvictOptions<ArgumentsOf<NoInfer<F>>>,
): DecoratorOf<F> {
  return (target, name, descriptor) => {
    const site = siteOf('@CacheEvict', target, name, descriptor);
    const { title } = site;
    checkOptions(options, title, KEYS);
    const erased = options as unknown as Erased;
    const { when, before = false } = erased;
    checkWhat(erased, title);
    const place = otherPlace(options, title, target);

    const mark = { decorator: '@CacheEvict', place, hasDefaultKey: false } as const;
    decorateCached(site, descriptor, mark, (call) => {
      if (when && !when(...(call.args as readonly never[]))) return call.run();
      const removals = removalsOf(erased, call.args, title);
      const cache = place.in(call.bound);
      const evict = (): Promise<unknown> => Promise.all(removals.map((remove) => remove(cache)));
      if (!before) return afterwards(call.run(), evict);
      return call.isObservable
        ? from(evict()).pipe(mergeMap(() => call.run() as Observable<unknown>))
        : evict().then(() => noObservable(call.run(), title));
    });
  };
}

function checkWhat(options: Erased, title: string): void {
  const { all, before } = options as { readonly all?: unknown; readonly before?: unknown };
  if (all !== undefined && all !== true)
    throw new DepotConfigError(`${title}: all is ${show(all)}; expected true`);
  if (before !== undefined && typeof before !== 'boolean') {
    throw new DepotConfigError(`${title}: before is ${show(before)}; expected true or false`);
  }
  if (WHAT.every((key) => options[key] === undefined)) {
    throw new DepotConfigError(
      `${title}: nothing to remove is named; expected ${WHAT.join(', ')}, or some of them`,
    );
  }
}

/** What is to be done with the cache. */
function removalsOf(
  { key, keys, tags, pattern, all }: Erased,
  args: readonly unknown[],
  title: string,
): ((cache: CacheService) => Promise<unknown>)[] {
  const removals: ((cache: CacheService) => Promise<unknown>)[] = [];
  if (all) removals.push((cache) => cache.clear());
  const each = [
    ...(key === undefined ? [] : [told(key, args)]),
    ...(keys === undefined ? [] : told(keys, args)),
  ];
  const found = each.map((one) => keyFrom(one, title));
  if (found.length > 0) removals.push((cache) => cache.deleteMany(found));
  if (tags !== undefined) {
    const their = within(title, () => checkTags(told(tags, args)));
    removals.push((cache) => cache.invalidateTags(their));
  }
  if (pattern !== undefined) {
    const matching = checkKey(told(pattern, args), `${title}: what pattern returned`);
    removals.push((cache) => cache.deletePattern(matching));
  }
  return removals;
}
