import type { Observable } from 'rxjs';
import { nameOfClass, siteOf, type Site } from '../../common/decorators/decorated.method.js';
import { prototypesBelow } from '../../common/decorators/method.marks.js';
import type { ArgumentsOf, DecoratorOf, LaterMethod } from '../../common/decorators/method.types.js';
import { noObservable } from '../../common/decorators/result.kind.js';
import { told, within, type Told } from '../../common/decorators/told.js';
import { DepotConfigError } from '../../common/errors.js';
import type { CachePolicyOptions, GetOrSetOptions } from '../cache.options.js';
import type { Duration } from '../../common/duration.js';
import { POLICY_KEYS } from '../cache.policy.js';
import type { CacheService } from '../cache.service.js';
import type { CacheFilter } from '../filter/cache.filter.js';
import { filterShape, type FilterOptions } from '../filter/filter.shape.js';
import { checkKey } from '../../common/key.js';
import { keyOfArguments } from './argument.key.js';
import { CachedObservables } from './cached.observables.js';
import { cacheMarks } from './cache.marks.js';
import {
  cacheablePlace,
  MEMORY_KEYS,
  PLACE_KEYS,
  type CachePlace,
  type CachePlaceOptions,
  type MethodMemoryOptions,
} from './cache.place.js';
import { decorateCached, type CachedCall } from './cached.method.js';
import { checkOptions, keyFrom } from './decorator.options.js';
import type { KeyOrParts, ResultOf } from './method.types.js';
import { isNothing, lastOf } from './observable.values.js';

/** Functions are given the method's arguments; of an Observable's values, the last one is the result. */
export interface CacheableOptions<A extends readonly unknown[] = readonly unknown[], R = unknown>
  extends Omit<CachePolicyOptions, 'ttl'>, CachePlaceOptions, MethodMemoryOptions {
  /**
   * The key: one for all calls, or told from the arguments; an array stands for its parts, whatever they are.
   * @default class, method and all arguments
   */
  readonly key?: string | ((...args: A) => KeyOrParts);
  /** How long the result is fresh, or a function that tells it from the result. @default that of the cache */
  readonly ttl?: Duration | ((result: NonNullable<R>) => Duration);
  /** With any of them `invalidateTags` and `@CacheEvict` remove the result. */
  readonly tags?: Told<A, readonly string[]>;
  /** False: the method just runs. @default always true */
  readonly when?: (...args: A) => boolean;
  /** Results for which it is true are returned and not stored. @default always false */
  readonly unless?: (result: R, ...args: A) => boolean;
  /** A Bloom filter of the cache, `cache.filter(name, …)`: keys that it does not know get `null`, and the method does not run. @default none */
  readonly filter?: FilterOptions & { readonly name: string };
}

/** What the options are once their functions may be given anything. */
type Erased = CacheableOptions<readonly never[], never>;

const KEYS = [...POLICY_KEYS, ...PLACE_KEYS, ...MEMORY_KEYS, 'key', 'tags', 'when', 'unless', 'filter'];

/**
 * Answers calls of a method from a cache, and runs it when there is nothing: `CacheService.getOrSet` around the method. For
 * methods of providers and controllers that are async or return an Observable; where no `DepotModule` is at hand, as in a unit test, the
 * method simply runs.
 *
 * Of an Observable all values are stored when it is complete, and come again in order; it has to be declared as the
 * return type.
 *
 * ```ts
 * @Cacheable({ key: (id) => `product:${id}`, ttl: '10m', tags: ['products'] })
 * async find(id: number): Promise<Product | null> {}
 * ```
 *
 * @throws DepotConfigError when the class is defined, for a bad option or on what is not a method of an instance
 */
export function Cacheable<F extends LaterMethod>(
  options: CacheableOptions<ArgumentsOf<NoInfer<F>>, ResultOf<NoInfer<F>>> = {},
): DecoratorOf<F> {
  return (target, name, descriptor) => {
    const site = siteOf('@Cacheable', target, name, descriptor);
    const { title, owner } = site;
    checkOptions(options, title, KEYS);
    checkFilter(options.filter, title);
    const place = cacheablePlace(options, title, owner);
    for (const mark of cacheMarks.on(target, name)) {
      if (mark.decorator !== '@Cacheable' || mark.place.id !== place.id) continue;
      throw new DepotConfigError(`${title}: it stands there twice for one cache and would wait for itself`);
    }
    const call = new CacheableCall(site, options as unknown as Erased, place);
    const hasDefaultKey = options.key === undefined;
    const mark = { decorator: '@Cacheable', place, hasDefaultKey } as const;
    decorateCached(site, descriptor, mark, (made) => {
      if (isCachedBelow(made.instance, site)) return made.run();
      return made.isObservable ? call.observe(made) : call.await(made);
    });
  };
}

/** By `super`, from a cached override: looking again, under a key that may be the same, would wait for itself. */
function isCachedBelow(instance: object, { target, name }: Site): boolean {
  for (const prototype of prototypesBelow(instance, target)) {
    if (cacheMarks.on(prototype, name).some(({ decorator }) => decorator === '@Cacheable')) return true;
  }
  return false;
}

class CacheableCall {
  private readonly observables = new CachedObservables();
  private readonly filters = new WeakMap<CacheService, CacheFilter>();
  private readonly always: GetOrSetOptions;
  private readonly observed: GetOrSetOptions;

  constructor(
    private readonly site: Site,
    private readonly options: Erased,
    private readonly place: CachePlace,
  ) {
    const { ttl, tags } = options;
    this.always = {
      ...chosen(options),
      ...(Array.isArray(tags) && { tags: tags as readonly string[] }),
    };
    this.observed = {
      ...this.always,
      ...(typeof ttl === 'function' && { ttl: (stored) => ttl(lastOf(stored) as never) }),
    };
  }

  /** Not async: a hit is answered by a promise already, and another one around it takes as long as the hit. */
  await(call: CachedCall): unknown {
    if (!this.applies(call)) return call.run();
    const cache = this.place.in(call.bound);
    const work = (): unknown => noObservable(call.run(), this.site.title);
    return cache.getOrSet(this.keyOf(call), work, this.filtered(cache, this.optionsOf(call)));
  }

  observe(call: CachedCall): Observable<unknown> {
    const run = (): Observable<unknown> => call.run() as Observable<unknown>;
    if (!this.applies(call)) return run();
    const cache = this.place.in(call.bound);
    return this.observables.of(cache, this.keyOf(call), run, this.filtered(cache, this.optionsOf(call)));
  }

  private applies({ args }: CachedCall): boolean {
    const { when } = this.options;
    return when === undefined || when(...(args as readonly never[]));
  }

  private keyOf({ instance, args }: CachedCall): string {
    const { key } = this.options;
    const { title, name } = this.site;
    if (key !== undefined) return keyFrom(told(key, args), title);
    return within(title, () => keyOfArguments(`${nameOfClass(instance)}.${String(name)}`, args), GIVE_A_KEY);
  }

  private filtered(cache: CacheService, options: GetOrSetOptions): GetOrSetOptions {
    if (this.options.filter === undefined) return options;
    let filter = this.filters.get(cache);
    if (!filter) {
      const { name, ...shape } = this.options.filter;
      filter = cache.filter(name, shape);
      this.filters.set(cache, filter);
    }
    return { ...options, filter };
  }

  private optionsOf({ args, isObservable }: CachedCall): GetOrSetOptions {
    const { tags, unless } = this.options;
    const always = isObservable ? this.observed : this.always;
    if (typeof tags !== 'function' && unless === undefined && !isObservable) return always;
    const isUnwanted = (result: unknown): boolean =>
      unless?.(result as never, ...(args as readonly never[])) === true;
    return {
      ...always,
      ...(typeof tags === 'function' && { tags: told(tags, args) }),
      unless: isObservable ? (stored) => isNothing(stored) || isUnwanted(lastOf(stored)) : isUnwanted,
    };
  }
}

function checkFilter(filter: CacheableOptions['filter'], title: string): void {
  if (filter === undefined) return;
  const { name, ...shape } = filter;
  checkKey(name, `${title}: filter.name`);
  within(title, () => filterShape(shape, `filter ${name}`));
}

const GIVE_A_KEY = "; say what of them matters, as in key: (id) => ['product', id]";

/** What of them says how a result is kept. */
const chosen = (options: Erased): CachePolicyOptions =>
  Object.fromEntries(POLICY_KEYS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])));
