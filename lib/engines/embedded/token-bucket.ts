import type { Rate } from '../../task/task.broker.js';

/**
 * A bucket of tokens as one number (GCRA): the time at which it is full again. Whoever begins pushes it away by what a
 * token takes. One that lies further away than a bucket can be empty was written before the clock was set back.
 */
export type FullAt = number;

/** A sum of fractions may fall short by so much. */
const ROUNDING = 1e-6;

/** Whole tokens in the bucket. */
export function tokens({ max, perMs }: Rate, fullAt: FullAt, now: number): number {
  const missing = Math.min(Math.max(fullAt, now), now + perMs) - now;
  return Math.min(max, Math.floor(((perMs - missing) * max) / perMs + ROUNDING));
}

/** One token less. */
export function withoutToken({ max, perMs }: Rate, fullAt: FullAt, now: number): FullAt {
  return Math.min(Math.max(fullAt, now), now + perMs) + perMs / max;
}

/** When there is a token at the latest, in whole ms. */
export function nextTokenAt({ max, perMs }: Rate, fullAt: FullAt, now: number): number {
  return Math.ceil(Math.min(fullAt, now + perMs) - perMs + perMs / max - ROUNDING);
}
