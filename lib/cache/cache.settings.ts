import { toBytes } from '../common/bytes.js';
import { DepotConfigError, show } from '../common/errors.js';
import { checkKeys, wholeNumber } from '../common/options.js';
import { checkRedisUrl } from '../common/redis.url.js';
import type { CacheFallback, CacheMemoryOptions, CacheOptions } from './cache.options.js';
import { DEFAULT_POLICY, fixedPolicy, POLICY_KEYS, type CachePolicy } from './cache.policy.js';
import type { MemorySettings } from './cache.store.js';
import { ttlMs } from './cache.ttl.js';

/** What `CacheOptions` come to: validated, nothing left out. */
export interface CacheSettings {
  readonly policy: CachePolicy;
  readonly store: 'engine' | 'memory';
  /** `undefined`: nothing is kept in the process where there is another place. */
  readonly memory: MemorySettings | undefined;
  readonly values: 'copied' | 'frozen';
  readonly maxValueBytes: number;
  readonly fallback: readonly CacheFallback[];
  readonly group: (key: string) => string;
}

export const CACHE_KEYS = [
  ...POLICY_KEYS,
  'store',
  'memory',
  'values',
  'maxValue',
  'fallback',
  'group',
] as const;

/** Redis takes more, but a value of this size holds up everybody else. */
const LARGEST_VALUE = 16 * 1_024 * 1_024;

export const DEFAULT_MEMORY: MemorySettings = {
  maxEntries: 10_000,
  maxBytes: 64 * 1_024 * 1_024,
  policy: 'lru',
  ttlMs: Number.POSITIVE_INFINITY,
};

/** What comes before the first colon; all keys without one are of the group ''. */
const beforeColon = (key: string): string => key.slice(0, Math.max(0, key.indexOf(':')));

export const DEFAULT_CACHE: CacheSettings = {
  policy: DEFAULT_POLICY,
  store: 'engine',
  memory: DEFAULT_MEMORY,
  values: 'copied',
  maxValueBytes: LARGEST_VALUE,
  fallback: [],
  group: beforeColon,
};

/**
 * @param base what holds for what is left out
 * @param name of the cache in errors, such as `cache`
 * @throws DepotConfigError naming the option, its value and what is expected
 */
export function cacheSettings(options: CacheOptions, base: CacheSettings, name: string): CacheSettings {
  checkKeys(options, name, CACHE_KEYS);
  const { store = base.store, values = base.values, fallback = base.fallback, group = base.group } = options;
  return {
    policy: fixedPolicy(options, base.policy, `${name}.`),
    store: oneOf(store, ['engine', 'memory'], `${name}.store`),
    memory: memorySettings(options.memory, base.memory, `${name}.memory`),
    values: oneOf(values, ['copied', 'frozen'], `${name}.values`),
    maxValueBytes:
      options.maxValue === undefined ? base.maxValueBytes : toBytes(options.maxValue, `${name}.maxValue`),
    fallback: checkFallback(fallback, `${name}.fallback`),
    group: checkGroup(group, `${name}.group`),
  };
}

function memorySettings(
  options: CacheMemoryOptions | false | undefined,
  base: MemorySettings | undefined,
  name: string,
): MemorySettings | undefined {
  if (options === undefined) return base;
  if (options === false) return undefined;
  checkKeys(options, name, ['max', 'maxBytes', 'policy', 'ttl']);
  const { maxEntries, maxBytes, policy, ttlMs: ttl } = base ?? DEFAULT_MEMORY;
  return {
    maxEntries:
      options.max === undefined ? maxEntries : wholeNumber(options.max, 1, 10_000_000, `${name}.max`),
    maxBytes: options.maxBytes === undefined ? maxBytes : toBytes(options.maxBytes, `${name}.maxBytes`),
    policy: oneOf(options.policy ?? policy, ['lru', 'ttl'], `${name}.policy`),
    ttlMs: options.ttl === undefined ? ttl : ttlMs(options.ttl, `${name}.ttl`),
  };
}

function checkFallback(value: unknown, name: string): readonly CacheFallback[] {
  if (!Array.isArray(value)) {
    throw new DepotConfigError(`${name} is ${show(value)}; expected an array of 'memory' and { redis: URL }`);
  }
  return value.map((place: unknown, at): CacheFallback => {
    if (place === 'memory') return place;
    checkKeys(place, `${name}[${at}]`, ['redis']);
    const { redis } = place as { readonly redis?: unknown };
    if (typeof redis === 'string') return { redis: checkRedisUrl(redis, `${name}[${at}].redis`) };
    throw new DepotConfigError(`${name}[${at}].redis is ${show(redis)}; expected the URL of a Redis`);
  });
}

function checkGroup(value: unknown, name: string): (key: string) => string {
  if (typeof value === 'function') return value as (key: string) => string;
  throw new DepotConfigError(`${name} is ${show(value)}; expected a function from a key to a text`);
}

function oneOf<const T extends string>(value: unknown, known: readonly T[], name: string): T {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  throw new DepotConfigError(
    `${name} is ${show(value)}; expected ${known.map((one) => `'${one}'`).join(' or ')}`,
  );
}
