import type { Rate } from '../../task/task.broker.js';

/**
 * A bucket of tokens as one number (GCRA): the time at which it is full again. Whoever begins pushes it away by what a
 * token takes.
 */
export type FullAt = number;

/** A sum of fractions may fall short by so much. */
const ROUNDING = 1e-6;

/** Whole tokens in the bucket. */
export function tokens({ max, perMs }: Rate, fullAt: FullAt, now: number): number {
  return Math.min(max, Math.floor(((perMs - Math.max(0, fullAt - now)) * max) / perMs + ROUNDING));
}

/** One token less. */
export function withoutToken({ max, perMs }: Rate, fullAt: FullAt, now: number): FullAt {
  return Math.max(fullAt, now) + perMs / max;
}

/** When there is a token at the latest, in whole ms. */
export function nextTokenAt({ max, perMs }: Rate, fullAt: FullAt): number {
  return Math.ceil(fullAt - perMs + perMs / max - ROUNDING);
}

/** One that lies further away than a bucket can be empty was written before the clock was set back: it is empty now. */
export const soundAt = ({ perMs }: Rate, fullAt: FullAt, now: number): FullAt =>
  Math.min(fullAt, now + perMs);
