import { toMs, type Duration } from '../common/duration.js';
import { DepotConfigError, show } from '../common/errors.js';
import { checkKeys } from '../common/options.js';
import type { CachePolicyOptions, GetOrSetOptions } from './cache.options.js';
import { boundedMs, ttlMs } from './cache.ttl.js';

/** How values are kept: what the options come to, in milliseconds. `Infinity`: without end. */
export interface CachePolicy {
  readonly ttlMs: number;
  /** `undefined`: as for any other value. */
  readonly nullTtlMs: number | undefined;
  readonly graceMs: number;
  readonly jitter: number;
  /** `undefined`: never. */
  readonly refreshAhead: number | undefined;
  readonly softMs: number;
  readonly hardMs: number;
  readonly errorTtlMs: number;
}

export const POLICY_KEYS = [
  'ttl',
  'nullTtl',
  'grace',
  'jitter',
  'refreshAhead',
  'timeout',
  'errorTtl',
] as const;

export const DEFAULT_POLICY: CachePolicy = {
  ttlMs: 5 * 60_000,
  nullTtlMs: undefined,
  graceMs: 0,
  jitter: 0,
  refreshAhead: undefined,
  softMs: 0,
  hardMs: Number.POSITIVE_INFINITY,
  errorTtlMs: 0,
};

type CallOptions = Omit<CachePolicyOptions, 'ttl'> & Pick<GetOrSetOptions<never>, 'ttl'>;

/**
 * The policy of a call: what it says, and for the rest `base`. A ttl that is told from the value is told later.
 *
 * @param prefix of the options' names in errors, such as `cache.`
 * @throws DepotConfigError naming the option, its value and what is expected
 */
export function cachePolicy(options: CallOptions, base: CachePolicy, prefix = ''): CachePolicy {
  // As in `set(key, value, '5m')`, which other caches take.
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw new DepotConfigError(`options is ${show(options)}; expected an object`);
  }
  const { ttl, nullTtl, grace, jitter, refreshAhead, timeout, errorTtl } = options;
  return {
    ttlMs: ttl === undefined || typeof ttl === 'function' ? base.ttlMs : ttlMs(ttl, `${prefix}ttl`),
    nullTtlMs: nullTtl === undefined ? base.nullTtlMs : ttlMs(nullTtl, `${prefix}nullTtl`),
    graceMs: grace === undefined ? base.graceMs : boundedMs(grace, `${prefix}grace`),
    jitter: jitter === undefined ? base.jitter : part(jitter, `${prefix}jitter`),
    refreshAhead:
      refreshAhead === undefined ? base.refreshAhead : properPart(refreshAhead, `${prefix}refreshAhead`),
    softMs: base.softMs,
    hardMs: base.hardMs,
    errorTtlMs: errorTtl === undefined ? base.errorTtlMs : boundedMs(errorTtl, `${prefix}errorTtl`),
    ...(timeout !== undefined && timeouts(timeout, base, `${prefix}timeout`)),
  };
}

/** The same where there is no value yet that the ttl could be told from. */
export function fixedPolicy(options: CachePolicyOptions, base: CachePolicy, prefix = ''): CachePolicy {
  const policy = cachePolicy(options, base, prefix);
  return typeof options.ttl === 'function'
    ? { ...policy, ttlMs: ttlMs(options.ttl, `${prefix}ttl`) }
    : policy;
}

function timeouts(
  timeout: NonNullable<CachePolicyOptions['timeout']>,
  base: CachePolicy,
  name: string,
): Pick<CachePolicy, 'softMs' | 'hardMs'> {
  if (typeof timeout !== 'object') return { softMs: base.softMs, hardMs: positive(timeout, name) };
  checkKeys(timeout, name, ['soft', 'hard']);
  return {
    softMs: timeout.soft === undefined ? base.softMs : toMs(timeout.soft, `${name}.soft`),
    hardMs: timeout.hard === undefined ? base.hardMs : positive(timeout.hard, `${name}.hard`),
  };
}

function positive(value: Duration, name: string): number {
  const ms = ttlMs(value, name);
  if (ms > 0) return ms;
  throw new DepotConfigError(`${name} is ${show(value)}; expected more than 0`);
}

function part(value: unknown, name: string): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new DepotConfigError(`${name} is ${show(value)}; expected a number from 0 to 1`);
}

function properPart(value: unknown, name: string): number {
  if (typeof value === 'number' && value > 0 && value < 1) return value;
  throw new DepotConfigError(`${name} is ${show(value)}; expected a number above 0 and below 1`);
}
