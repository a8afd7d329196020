import { encode } from '../common/codec.js';
import { show } from '../common/errors.js';
import { checkKey } from '../common/key.js';
import { checkTags, lifetime } from './cache.lifetime.js';
import type { SetOptions } from './cache.options.js';
import { fixedPolicy, type CachePolicy } from './cache.policy.js';
import type { CacheSettings } from './cache.settings.js';
import type { NewEntry } from './cache.store.js';

export type KeyedEntry = NewEntry & { readonly key: string };

/** How the values of one call are stored. */
export interface Writing {
  readonly policy: CachePolicy;
  readonly tags: readonly string[];
  readonly maxValueBytes: number;
}

/** @throws DepotConfigError naming the option, its value and what is expected */
export function writing(options: SetOptions, { policy, maxValueBytes }: CacheSettings): Writing {
  const own = fixedPolicy(options, policy);
  const tags = options.tags === undefined ? [] : checkTags(options.tags);
  return { policy: own, tags, maxValueBytes };
}

/**
 * What is to be stored of a value; `undefined`: nothing is to be under the key.
 *
 * @throws PayloadError when it can't be serialised or is too large; DepotConfigError for a bad key
 */
export function newEntry(
  key: string,
  value: unknown,
  { policy, tags, maxValueBytes }: Writing,
): KeyedEntry | undefined {
  checkKey(key, 'cache key');
  const text = encode(value, `cache value ${show(key)}`, maxValueBytes);
  const life = lifetime(value, policy, undefined);
  return life && { key, text, tags, ...life };
}
