import { prototypesOf } from '../../common/decorators/method.marks.js';
import { DepotConfigError, show } from '../../common/errors.js';
import { wholeNumber } from '../../common/options.js';
import type { CacheRegistry } from '../cache.registry.js';
import type { CacheService } from '../cache.service.js';
import { cacheMarks } from './cache.marks.js';

/** Where the entries of a decorated method are: a cache of the application, or a namespace in it. */
export class CachePlace {
  private readonly opened = new WeakMap<CacheRegistry, CacheService>();

  /**
   * @param id equal ones are the same place
   * @param isOfMethod it is a cache that this method alone fills
   */
  constructor(
    readonly id: string,
    readonly isOfMethod: boolean,
    private readonly open: (caches: CacheRegistry) => CacheService,
  ) {}

  /** @throws DepotConfigError when the application has no such cache */
  in(caches: CacheRegistry): CacheService {
    const known = this.opened.get(caches);
    if (known) return known;
    const cache = this.open(caches);
    this.opened.set(caches, cache);
    return cache;
  }
}

/** Which cache a decorator means. */
export interface CachePlaceOptions {
  /** Name of a cache of `DepotModule.registerCache`. @default the default cache */
  readonly cache?: string;
  /** Namespace in it. @default none */
  readonly namespace?: string;
}

/** A cache of the method's own, in the memory of each process. */
export interface MethodMemoryOptions {
  /** `'memory'`: in a cache of the method's own, in the memory of each process, which never asks Redis. @default the cache that `cache` names */
  readonly store?: 'memory';
  /** Of that cache: which entry goes when there are too many, the one that was not used for longest or the one that expires first. @default 'lru' */
  readonly policy?: 'lru' | 'ttl';
  /** Entries of that cache, 1 to 10,000,000. @default 10,000 */
  readonly max?: number;
}

/** The cache of another method. */
export interface MemoryOfOptions {
  /** Name of a method of this class that has a cache of its own, by `@Cacheable({ store: 'memory' })`: that one is meant. */
  readonly memoryOf?: string;
}

export const PLACE_KEYS = ['cache', 'namespace'] as const;
export const MEMORY_KEYS = ['store', 'policy', 'max'] as const;

/**
 * @param title of the decorator, in errors
 * @param owner `Products.find`
 * @throws DepotConfigError for a bad option, or some that exclude each other
 */
export function cacheablePlace(
  options: CachePlaceOptions & MethodMemoryOptions,
  title: string,
  owner: string,
): CachePlace {
  const { store, policy = 'lru', max } = options;
  if (store === undefined) {
    const idle = (['policy', 'max'] as const).find((key) => options[key] !== undefined);
    if (idle === undefined) return sharedPlace(options, title);
    throw new DepotConfigError(
      `${title}: ${idle} is of a cache of the method's own; expected store: 'memory'`,
    );
  }
  checkOneOf(store, ['memory'], `${title}: store`);
  checkOneOf(policy, ['lru', 'ttl'], `${title}: policy`);
  const name = checkName(options.namespace, `${title}: namespace`);
  if (options.cache !== undefined) {
    throw new DepotConfigError(`${title}: cache and store exclude each other; expected one of them`);
  }
  const memory = {
    policy,
    ...(max !== undefined && { max: wholeNumber(max, 1, 10_000_000, `${title}: max`) }),
  };
  return new CachePlace(`memory of ${owner}/${name ?? ''}`, true, (caches) =>
    within(caches.memory(owner, memory), name),
  );
}

/** The place of a decorator that may name another method's cache. */
export function otherPlace(
  options: CachePlaceOptions & MemoryOfOptions,
  title: string,
  target: object,
): CachePlace {
  const method = checkName(options.memoryOf, `${title}: memoryOf`);
  if (method === undefined) return sharedPlace(options, title);
  if (options.cache !== undefined || options.namespace !== undefined) {
    throw new DepotConfigError(`${title}: memoryOf says which cache; expected neither cache nor namespace`);
  }
  return new CachePlace(`memoryOf ${method}`, false, (caches) => {
    for (const prototype of prototypesOf(target)) {
      const mark = cacheMarks.on(prototype, method).find(({ place }) => place.isOfMethod);
      if (mark) return mark.place.in(caches);
    }
    throw new DepotConfigError(
      `${title}: memoryOf is ${show(method)}; expected a method with @Cacheable({ store: 'memory' })`,
    );
  });
}

function sharedPlace({ cache, namespace }: CachePlaceOptions, title: string): CachePlace {
  const name = checkName(cache, `${title}: cache`);
  const inner = checkName(namespace, `${title}: namespace`);
  return new CachePlace(`${name ?? 'default'}/${inner ?? ''}`, false, (caches) => {
    try {
      return within(caches.get(name), inner);
    } catch (error) {
      if (!(error instanceof DepotConfigError)) throw error;
      throw new DepotConfigError(`${title}: ${error.message}`, { cause: error });
    }
  });
}

const within = (cache: CacheService, namespace: string | undefined): CacheService =>
  namespace === undefined ? cache : cache.namespace(namespace);

function checkName(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '' && value.length <= 128) return value;
  throw new DepotConfigError(`${name} is ${show(value)}; expected 1 to 128 characters`);
}

function checkOneOf(value: unknown, known: readonly string[], name: string): void {
  if (typeof value === 'string' && known.includes(value)) return;
  throw new DepotConfigError(
    `${name} is ${show(value)}; expected ${known.map((one) => `'${one}'`).join(' or ')}`,
  );
}
