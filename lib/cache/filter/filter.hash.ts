import { hash } from 'node:crypto';
import type { FilterShape } from './filter.shape.js';

/** Two independent whole numbers below 2^48, made of a key. From them alone come the bits that it sets. */
export interface KeyHash {
  readonly first: number;
  readonly second: number;
}

/** SHA-256, which every build of OpenSSL has. Stored filters depend on it: it can't change. */
export function hashOf(key: string): KeyHash {
  const digest = hash('sha256', key, 'buffer');
  return { first: digest.readUIntBE(0, 6), second: digest.readUIntBE(6, 6) };
}

/**
 * Calls back with each bit of a key until that says false; says whether it never did.
 *
 * Two hashes do for any number of them (A. Kirsch, M. Mitzenmacher: "Less Hashing, Same Performance: Building a Better
 * Bloom Filter", 2006), and the growing step keeps small filters from using some of their bits in step (P. Dillinger,
 * P. Manolios: "Bloom Filters in Probabilistic Verification", 2004: enhanced double hashing). The Lua of the Redis
 * engine does the same.
 */
export function everyBit(
  { first, second }: KeyHash,
  { bits, hashes }: FilterShape,
  holds: (bit: number) => boolean,
): boolean {
  let bit = first % bits;
  let step = second % bits;
  for (let n = 1; n <= hashes; n++) {
    if (!holds(bit)) return false;
    bit = (bit + step) % bits;
    step = (step + n) % bits;
  }
  return true;
}
