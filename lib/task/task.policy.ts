import { backoffPolicy, type Backoff, type BackoffPolicy } from '../common/backoff.js';
import { DepotConfigError, show } from '../common/errors.js';
import { toMs, type Duration } from '../common/duration.js';

/** How a task is retried and bounded, as users write it; module, handler and task each may say a part. */
export interface TaskPolicyOptions {
  /** How often a task is tried at most, 1 to 1,000. @default 1: not retried */
  readonly attempts?: number;
  /** How long it waits between attempts. @default exponential from '1s' to '1h' */
  readonly backoff?: Backoff;
  /** How long one attempt may take. Left out: as long as it likes. */
  readonly timeout?: Duration;
  /** How long all attempts may take together, the pauses between them included, from when the task fell due. Left out: as long as they like. */
  readonly deadline?: Duration;
}

export interface TaskPolicy {
  readonly attempts: number;
  readonly backoff: BackoffPolicy;
  readonly timeoutMs: number | undefined;
  readonly deadlineMs: number | undefined;
}

export const DEFAULT_POLICY: TaskPolicy = {
  attempts: 1,
  backoff: backoffPolicy({}, 'backoff'),
  timeoutMs: undefined,
  deadlineMs: undefined,
};

/** `options` over `base`. @throws DepotConfigError naming the part of `name` that is wrong */
export function taskPolicy(options: TaskPolicyOptions, base: TaskPolicy, name: string): TaskPolicy {
  const { attempts, backoff, timeout, deadline } = options;
  return {
    attempts: attempts === undefined ? base.attempts : checkAttempts(attempts, `${name}.attempts`),
    backoff: backoff === undefined ? base.backoff : backoffPolicy(backoff, `${name}.backoff`),
    timeoutMs: timeout === undefined ? base.timeoutMs : toMs(timeout, `${name}.timeout`),
    deadlineMs: deadline === undefined ? base.deadlineMs : toMs(deadline, `${name}.deadline`),
  };
}

export function checkAttempts(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1000) return value;
  throw new DepotConfigError(`${name} is ${show(value)}; expected a whole number from 1 to 1000`);
}
