import { DepotConfigError, show } from '../common/errors.js';
import { checkTags } from './cache.lifetime.js';
import type { GetOrSetOptions } from './cache.options.js';
import { cachePolicy, type CachePolicy } from './cache.policy.js';
import type { CacheFilter } from './filter/cache.filter.js';

/**
 * The policy of a call that makes values, whose further options are checked, too.
 *
 * @throws DepotConfigError naming the option, its value and what is expected
 */
export function makingPolicy<T>(options: GetOrSetOptions<T>, base: CachePolicy): CachePolicy {
  const policy = cachePolicy(options, base);
  const { tags, unless, filter } = options;
  if (tags !== undefined && typeof tags !== 'function') checkTags(tags);
  if (unless !== undefined && typeof unless !== 'function') {
    throw new DepotConfigError(`unless is ${show(unless)}; expected a function from a value to a boolean`);
  }
  if (filter !== undefined && typeof (filter as Partial<CacheFilter> | null)?.mightContain !== 'function') {
    throw new DepotConfigError(`filter is ${show(filter)}; expected a filter, such as cache.filter(…) gives`);
  }
  return policy;
}
