import { within } from '../../common/decorators/told.js';
import { DepotConfigError, show } from '../../common/errors.js';
import { checkKey } from '../../common/key.js';
import { checkKeys } from '../../common/options.js';
import { checkTags } from '../cache.lifetime.js';
import type { CachePolicyOptions } from '../cache.options.js';
import { cachePolicy, DEFAULT_POLICY } from '../cache.policy.js';
import { keyOfParts } from './argument.key.js';

/** Options that are functions, and nothing else. */
const FUNCTIONS = ['when', 'unless'] as const;
/** Options that may be a text or a function. */
const TEXTS = ['key', 'pattern'] as const;
/** Options that may be a list or a function. */
const LISTS = ['tags', 'keys'] as const;

type Options = Omit<CachePolicyOptions, 'ttl'> &
  Readonly<Partial<Record<'ttl' | (typeof FUNCTIONS | typeof TEXTS | typeof LISTS)[number], unknown>>>;

/**
 * Checks when a class is defined what can be checked then.
 *
 * @throws DepotConfigError naming decorator, method and option
 */
export function checkOptions(options: Options, title: string, known: readonly string[]): void {
  checkKeys(options, title, known);
  cachePolicy(options as CachePolicyOptions, DEFAULT_POLICY, `${title}: `);
  for (const key of FUNCTIONS) {
    const value = options[key];
    if (value === undefined || typeof value === 'function') continue;
    throw new DepotConfigError(`${title}: ${key} is ${show(value)}; expected a function`);
  }
  for (const key of TEXTS) {
    const value = options[key];
    if (value !== undefined && typeof value !== 'function') checkKey(value, `${title}: ${key}`);
  }
  for (const key of LISTS) {
    const value = options[key];
    if (value === undefined || typeof value === 'function' || Array.isArray(value)) continue;
    throw new DepotConfigError(`${title}: ${key} is ${show(value)}; expected an array or a function`);
  }
  if (Array.isArray(options.tags)) within(title, () => checkTags(options.tags));
}

/** @throws PayloadError, DepotConfigError naming the decorator, when it is no key */
export function keyFrom(key: unknown, title: string): string {
  return Array.isArray(key)
    ? within(title, () => keyOfParts(key))
    : checkKey(key, `${title}: what key returned`);
}
