import { DepotConfigError, show } from '../common/errors.js';
import type { Duration } from '../common/duration.js';
import { checkKey } from '../common/key.js';
import type { CachePolicy } from './cache.policy.js';
import type { NewEntry } from './cache.store.js';
import { ttlMs } from './cache.ttl.js';

/** How long a value is fresh, and how much longer it is kept. */
export type Lifetime = Pick<NewEntry, 'freshMs' | 'graceMs'>;

/**
 * `undefined`: it is not to be stored at all.
 *
 * @param ttl of the call; a function is asked about every value but `null`
 * @throws DepotConfigError when the function returns no duration
 */
export function lifetime(
  value: unknown,
  policy: CachePolicy,
  ttl: Duration | ((value: never) => Duration) | undefined,
): Lifetime | undefined {
  if (value === undefined) return undefined;
  const wholeMs = timeToLive(value, policy, ttl);
  if (wholeMs === 0) return undefined;
  const freshMs =
    policy.jitter === 0 || wholeMs === Number.POSITIVE_INFINITY
      ? wholeMs
      : Math.max(1, Math.round(wholeMs * (1 - policy.jitter * Math.random())));
  return { freshMs, graceMs: policy.graceMs };
}

function timeToLive(
  value: unknown,
  { ttlMs: always, nullTtlMs }: CachePolicy,
  ttl: Duration | ((value: never) => Duration) | undefined,
): number {
  if (value === null) return nullTtlMs ?? always;
  if (typeof ttl !== 'function') return always;
  return ttlMs(ttl(value as never), 'what the ttl function returned');
}

/** @throws DepotConfigError when it is no list of texts of 1 to 1,024 characters */
export function checkTags(tags: unknown): readonly string[] {
  if (!Array.isArray(tags)) throw new DepotConfigError(`tags is ${show(tags)}; expected an array of texts`);
  for (const tag of tags) checkKey(tag, 'cache tag');
  return tags as readonly string[];
}
