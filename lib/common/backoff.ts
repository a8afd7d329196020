import { DepotConfigError, show } from './errors.js';
import { toMs, type Duration } from './duration.js';
import { checkKeys } from './options.js';

/** How long a failed task waits for its next attempt. A bare duration means the same delay each time. */
export type Backoff = Duration | BackoffOptions;

export interface BackoffOptions {
  /** `fixed`: the same delay each time. `exponential`: doubled with every attempt. @default 'exponential' */
  readonly type?: 'fixed' | 'exponential';
  /** Delay after the first failure. @default '1s' */
  readonly delay?: Duration;
  /** No delay is longer than this. @default '1h' */
  readonly max?: Duration;
  /** Share of the delay, 0 to 1, that is drawn at random (added or taken away). @default 0 */
  readonly jitter?: number;
}

/** A validated backoff, in milliseconds. */
export interface BackoffPolicy {
  readonly type: 'fixed' | 'exponential';
  readonly delayMs: number;
  readonly maxMs: number;
  readonly jitter: number;
}

/** @throws DepotConfigError naming the part of `name` that is wrong */
export function backoffPolicy(backoff: Backoff, name: string): BackoffPolicy {
  if (typeof backoff !== 'object') {
    return { type: 'fixed', delayMs: toMs(backoff, name), maxMs: Number.MAX_SAFE_INTEGER, jitter: 0 };
  }
  checkKeys(backoff, name, ['type', 'delay', 'max', 'jitter']);
  const { type = 'exponential', delay = '1s', max = '1h', jitter = 0 } = backoff;
  if (!['fixed', 'exponential'].includes(type)) {
    throw new DepotConfigError(`${name}.type is ${show(type)}; expected 'fixed' or 'exponential'`);
  }
  if (typeof jitter !== 'number' || !(jitter >= 0 && jitter <= 1)) {
    throw new DepotConfigError(`${name}.jitter is ${show(jitter)}; expected a number from 0 to 1`);
  }
  return { type, delayMs: toMs(delay, `${name}.delay`), maxMs: toMs(max, `${name}.max`), jitter };
}

/**
 * Delay in milliseconds before the attempt that follows failed attempt number `attempt` (1 for the first).
 * `random` is a number from 0 to 1.
 */
export function backoffDelayMs(policy: BackoffPolicy, attempt: number, random = Math.random()): number {
  const grown = policy.type === 'fixed' ? policy.delayMs : policy.delayMs * 2 ** (attempt - 1);
  const capped = Math.min(grown, policy.maxMs);
  return Math.min(policy.maxMs, Math.round(capped * (1 + policy.jitter * (2 * random - 1))));
}
