import { toMs, type Duration } from '../common/duration.js';
import { checkKeys, wholeNumber } from '../common/options.js';
import type { Retention } from './task.broker.js';
import { FINAL_STATES, type FinalState } from './task.state.js';

/** How much is kept of tasks that have ended in one way. The oldest go first. */
export interface RetentionOptions {
  /** The newest so many are kept; 0: none. */
  readonly count?: number;
  /** None is kept longer. */
  readonly age?: Duration;
  /** No more than so many bytes of text, and 200 for each task. `Infinity`: any. @default Infinity */
  readonly bytes?: number;
}

/** How much is kept of tasks that have ended. */
export interface KeepOptions {
  /** @default { count: 1_000, age: '1h' } */
  readonly completed?: RetentionOptions;
  /** @default { count: 10_000, age: '30d' } */
  readonly dead?: RetentionOptions;
  /** @default { count: 1_000, age: '1h' } */
  readonly cancelled?: RetentionOptions;
  /** @default { count: 1_000, age: '1h' } */
  readonly expired?: RetentionOptions;
}

export type Keep = Readonly<Record<FinalState, Retention>>;

const AN_HOUR: Retention = { count: 1_000, ageMs: 3_600_000, bytes: undefined };

export const DEFAULT_KEEP: Keep = {
  completed: AN_HOUR,
  dead: { count: 10_000, ageMs: 30 * 86_400_000, bytes: undefined },
  cancelled: AN_HOUR,
  expired: AN_HOUR,
};

/** `options` over `base`. @throws DepotConfigError naming the part of `name` that is wrong */
export function retentions(options: KeepOptions, base: Keep, name: string): Keep {
  checkKeys(options, name, FINAL_STATES);
  const over = (state: FinalState): Retention => retention(options[state], base[state], `${name}.${state}`);
  return {
    completed: over('completed'),
    dead: over('dead'),
    cancelled: over('cancelled'),
    expired: over('expired'),
  };
}

function retention(options: RetentionOptions = {}, base: Retention, name: string): Retention {
  checkKeys(options, name, ['count', 'age', 'bytes']);
  const { count, age, bytes } = options;
  return {
    count: count === undefined ? base.count : wholeNumber(count, 0, 1e9, `${name}.count`),
    ageMs: age === undefined ? base.ageMs : toMs(age, `${name}.age`),
    bytes: bytes === undefined ? base.bytes : upTo(bytes, `${name}.bytes`),
  };
}

const upTo = (bytes: number, name: string): number | undefined =>
  bytes === Number.POSITIVE_INFINITY ? undefined : wholeNumber(bytes, 0, Number.MAX_SAFE_INTEGER, name);
