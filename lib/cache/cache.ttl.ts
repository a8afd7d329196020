import { toMs, type Duration } from '../common/duration.js';

/** Whole milliseconds; 0: nothing is kept; `undefined`: it never expires. */
export interface CacheTtl {
  readonly ttlMs: number | undefined;
}

/** Beyond it Redis' own arithmetic could overflow; nobody will notice. */
const LONGEST_MS = 100 * 365 * 86_400_000;

/** @throws DepotConfigError when `ttl`, which is `name`, is neither a duration nor `Infinity` */
export function cacheTtl(ttl: Duration, name: string): CacheTtl {
  if (ttl === Number.POSITIVE_INFINITY) return { ttlMs: undefined };
  return { ttlMs: Math.min(Math.ceil(toMs(ttl, name)), LONGEST_MS) };
}
