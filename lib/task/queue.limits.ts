import { toMs, type Duration } from '../common/duration.js';
import { DepotConfigError, show } from '../common/errors.js';
import { checkKeys, wholeNumber } from '../common/options.js';
import type { QueueLimits, Rate } from './task.broker.js';

/** What a queue is limited to, across all processes, as users write it. Stored; the newest process to start wins. */
export interface QueueLimitOptions {
  /** Tasks of the queue that run at the same time in all processes together. @default no limit */
  readonly globalConcurrency?: number;
  /** Tasks of the queue that begin in a time, in all processes together. @default no limit */
  readonly rateLimit?: RateLimitOptions;
  /** What `add` does when too much waits already. @default anything may wait */
  readonly backpressure?: BackpressureOptions;
  /** Limits of each group of tasks (`add(…, { group })`). */
  readonly group?: GroupLimitOptions;
  /** Whether a higher priority always goes first, or more often. @default 'strict' */
  readonly priority?: 'strict' | PriorityWeightOptions;
}

export interface GroupLimitOptions {
  /** Tasks of one group that run at the same time in all processes together. @default no limit */
  readonly concurrency?: number;
  /** Tasks of one group that begin in a time, in all processes together. @default no limit */
  readonly rateLimit?: RateLimitOptions;
  /** What `add` does when too much of one group waits already. @default anything may wait */
  readonly backpressure?: BackpressureOptions;
}

/** A bucket of `max` tokens that is refilled evenly with `max` in `per`; each task takes one when it begins. */
export interface RateLimitOptions {
  readonly max: number;
  readonly per: Duration;
}

export interface BackpressureOptions {
  /** How many tasks may wait or be delayed. */
  readonly max: number;
  /** A task that does not fit is refused (`QueueFullError`), or `add` waits until it fits. @default 'reject' */
  readonly policy?: 'reject' | 'wait';
  /** How long `add` waits; `QueueFullError` follows. @default '30s' */
  readonly timeout?: Duration;
}

export interface PriorityWeightOptions {
  /** How often each priority, 0 to 9, is served relative to the others, above 0. One that is not named has its number + 1. */
  readonly weights: readonly number[] | Readonly<Record<number, number>>;
}

/** What an `add` does that does not fit. */
export interface Backpressure {
  /** As far as this process knows: another one may have stored it. */
  readonly max: number | undefined;
  readonly policy: 'reject' | 'wait';
  readonly timeoutMs: number;
}

export interface QueueBackpressure {
  readonly queue: Backpressure;
  readonly group: Backpressure;
}

export const LIMIT_KEYS = ['globalConcurrency', 'rateLimit', 'backpressure', 'group', 'priority'] as const;

/** What is stored for all processes; `undefined` when none of the options is given. @throws DepotConfigError naming the option of `name` that is wrong */
export function queueLimits(options: QueueLimitOptions, name: string): QueueLimits | undefined {
  const { globalConcurrency, rateLimit, backpressure, group, priority } = options;
  if (LIMIT_KEYS.every((key) => options[key] === undefined)) return undefined;
  return {
    ...(globalConcurrency !== undefined && {
      concurrency: wholeNumber(globalConcurrency, 1, 1_000_000, `${name}.globalConcurrency`),
    }),
    ...(rateLimit !== undefined && { rate: checkRate(rateLimit, `${name}.rateLimit`) }),
    ...(backpressure !== undefined && { backlog: backlog(backpressure, `${name}.backpressure`) }),
    ...weights(priority, `${name}.priority`),
    ...(group !== undefined && { group: groupLimits(group, `${name}.group`) }),
  };
}

/** What this process's adds do. @throws DepotConfigError naming the option of `name` that is wrong */
export function queueBackpressure(options: QueueLimitOptions, name: string): QueueBackpressure {
  const queue = whenFull(options.backpressure, NONE, `${name}.backpressure`);
  return { queue, group: whenFull(options.group?.backpressure, queue, `${name}.group.backpressure`) };
}

function groupLimits(group: GroupLimitOptions, name: string): NonNullable<QueueLimits['group']> {
  checkKeys(group, name, ['concurrency', 'rateLimit', 'backpressure']);
  const { concurrency, rateLimit, backpressure } = group;
  return {
    ...(concurrency !== undefined && {
      concurrency: wholeNumber(concurrency, 1, 1_000_000, `${name}.concurrency`),
    }),
    ...(rateLimit !== undefined && { rate: checkRate(rateLimit, `${name}.rateLimit`) }),
    ...(backpressure !== undefined && { backlog: backlog(backpressure, `${name}.backpressure`) }),
  };
}

export function checkRate(options: RateLimitOptions, name: string): Rate {
  checkKeys(options, name, ['max', 'per']);
  const perMs = toMs(options.per, `${name}.per`);
  if (perMs < 1) throw new DepotConfigError(`${name}.per is ${show(options.per)}; expected at least 1 ms`);
  return { max: wholeNumber(options.max, 1, 1_000_000_000, `${name}.max`), perMs };
}

function backlog(options: BackpressureOptions, name: string): number {
  checkKeys(options, name, ['max', 'policy', 'timeout']);
  return wholeNumber(options.max, 1, 1_000_000_000, `${name}.max`);
}

const NONE: Backpressure = { max: undefined, policy: 'reject', timeoutMs: 30_000 };

function whenFull(
  options: BackpressureOptions | undefined,
  otherwise: Backpressure,
  name: string,
): Backpressure {
  if (options === undefined) return otherwise;
  const max = backlog(options, name);
  const { policy = 'reject', timeout } = options;
  if (!['reject', 'wait'].includes(policy)) {
    throw new DepotConfigError(`${name}.policy is ${show(policy)}; expected 'reject' or 'wait'`);
  }
  if (timeout !== undefined && policy === 'reject') {
    throw new DepotConfigError(`${name}.timeout is ${show(timeout)}; it needs policy: 'wait'`);
  }
  return {
    max,
    policy,
    timeoutMs: timeout === undefined ? NONE.timeoutMs : toMs(timeout, `${name}.timeout`),
  };
}

const PRIORITIES = 10;

function weights(priority: unknown, name: string): Pick<QueueLimits, 'weights'> {
  if (priority === undefined || priority === 'strict') return {};
  if (typeof priority !== 'object') {
    throw new DepotConfigError(`${name} is ${show(priority)}; expected 'strict' or { weights }`);
  }
  checkKeys(priority, name, ['weights']);
  const { weights: given }: { weights?: unknown } = priority;
  if (typeof given !== 'object' || given === null || (Array.isArray(given) && given.length !== PRIORITIES)) {
    throw new DepotConfigError(
      `${name}.weights is ${show(given)}; expected 10 numbers, for the priorities 0 to 9, or { 9: 5, … }`,
    );
  }
  const named = new Map(Object.entries(given));
  const unknown = [...named.keys()].find((key) => !/^\d$/.test(key));
  if (unknown !== undefined) {
    throw new DepotConfigError(`${name}.weights names the priority ${show(unknown)}; expected 0 to 9`);
  }
  return {
    weights: Array.from({ length: PRIORITIES }, (_, level) => {
      const weight: unknown = named.has(String(level)) ? named.get(String(level)) : level + 1;
      if (typeof weight === 'number' && weight > 0 && weight <= 1_000_000) return weight;
      throw new DepotConfigError(
        `${name}.weights of ${level} is ${show(weight)}; expected a number above 0, at most 1000000`,
      );
    }),
  };
}
