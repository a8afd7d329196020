import { createHash } from 'node:crypto';
import { encode } from '../../common/codec.js';
import { LONGEST_KEY } from '../../common/key.js';

/**
 * A key from parts of any kind, different for different parts: `prefix` and the parts as JSON, or a hash of them when
 * they are long.
 *
 * @throws PayloadError when a part can't be serialised
 */
export function keyOf(prefix: string, parts: readonly unknown[]): string {
  const key = `${prefix}${encode(parts, 'cache key')}`;
  if (key.length <= LONGEST_KEY) return key;
  return `${prefix}${createHash('sha256').update(key).digest('base64url')}`;
}
