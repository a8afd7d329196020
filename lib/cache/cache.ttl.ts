import { toMs, type Duration } from '../common/duration.js';

/** Beyond it Redis' own arithmetic could overflow; nobody will notice. */
export const LONGEST_MS = 100 * 365 * 86_400_000;

/** What the texts that the program is full of come to. */
const known = new Map<string, number>();
const MOST_KNOWN = 1_000;

/**
 * Whole milliseconds; 0: nothing is kept; `Infinity`: it never expires.
 *
 * @throws DepotConfigError when `ttl`, which is `name`, is neither a duration nor `Infinity`
 */
export function ttlMs(ttl: Duration, name: string): number {
  if (ttl === Number.POSITIVE_INFINITY) return ttl;
  if (typeof ttl !== 'string') return whole(toMs(ttl, name));
  let ms = known.get(ttl);
  if (ms === undefined) {
    ms = whole(toMs(ttl, name));
    if (known.size < MOST_KNOWN) known.set(ttl, ms);
  }
  return ms;
}

const whole = (ms: number): number => Math.min(Math.ceil(ms), LONGEST_MS);

/** The same for what has to end. */
export const boundedMs = (value: Duration, name: string): number => Math.min(ttlMs(value, name), LONGEST_MS);
