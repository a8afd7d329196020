import { createHash } from 'node:crypto';
import { DepotConfigError, show } from '../common/errors.js';
import { LONGEST_KEY } from '../common/key.js';

/** What a key can be made of. */
export type CacheKeyPart = string | number | boolean | bigint | Date;

/** How much of a key that is too long stays readable. */
const READABLE = 512;

/**
 * A key of its parts, with colons between them. Parts that read differently never give the same key: a colon in a part is
 * written `%3A`, a percent sign `%25`. A date is written as its ISO time. Of a key that would be too long, the end is a hash.
 *
 * @throws DepotConfigError for a part that is nothing: `undefined`, `null`, `NaN`, an invalid date, or of another type
 * @example buildCacheKey('user', 42, 'profile') // 'user:42:profile'
 */
export function buildCacheKey(...parts: readonly [CacheKeyPart, ...CacheKeyPart[]]): string {
  const key = parts.map((part, index) => escape(textOf(part, index, parts))).join(':');
  if (key === '') throw new DepotConfigError('Cache key of no parts, or of an empty text alone');
  if (key.length <= LONGEST_KEY) return key;
  // No part is written with a percent sign and an `h`.
  return `${key.slice(0, READABLE)}%h${createHash('sha256').update(key).digest('base64url')}`;
}

/** A half of a surrogate pair alone would become the same replacement character as any other on its way to Redis. */
const SPECIAL = /[:%]|\p{Surrogate}/gu;

/** A text that has no colon, and another one for another text. */
export const escape = (text: string): string =>
  text.replace(SPECIAL, (character) => {
    if (character === ':') return '%3A';
    return character === '%' ? '%25' : `%u${character.charCodeAt(0).toString(16)}`;
  });

function textOf(part: unknown, index: number, parts: readonly unknown[]): string {
  switch (typeof part) {
    case 'string':
      return part;
    case 'boolean':
    case 'bigint':
      return String(part);
    case 'number':
      if (Number.isFinite(part)) return String(part);
      break;
    default:
      if (part instanceof Date && !Number.isNaN(part.getTime())) return part.toISOString();
  }
  const before = index === 0 ? '' : `, after ${parts.slice(0, index).map(show).join(', ')},`;
  throw new DepotConfigError(
    `Part ${index + 1} of a cache key${before} is ${show(part)}; expected text, a number, a boolean, a bigint or a date`,
  );
}
