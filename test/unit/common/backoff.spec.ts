import { describe, expect, test } from '@jest/globals';
import { backoffDelayMs, backoffPolicy, type Backoff } from '../../../lib/common/backoff.js';
import { DepotConfigError } from '../../../lib/common/errors.js';

const delays = (backoff: Backoff, attempts: number, random = 0.5): number[] =>
  Array.from({ length: attempts }, (_, n) =>
    backoffDelayMs(backoffPolicy(backoff, 'backoff'), n + 1, random),
  );

describe('backoff', () => {
  test('is the same each time when it is a bare duration or fixed', () => {
    expect(delays('2s', 3)).toEqual([2_000, 2_000, 2_000]);
    expect(delays({ type: 'fixed', delay: 50 }, 3)).toEqual([50, 50, 50]);
  });

  test('doubles with every attempt up to its maximum', () => {
    expect(delays({ type: 'exponential', delay: '1s', max: '5s' }, 5)).toEqual([
      1_000, 2_000, 4_000, 5_000, 5_000,
    ]);
  });

  test('is exponential from a second up to an hour by default', () => {
    expect(delays({}, 2)).toEqual([1_000, 2_000]);
    expect(delays({}, 60).at(-1)).toBe(3_600_000);
  });

  test('stays finite after any number of attempts', () => {
    const policy = backoffPolicy({ delay: '1s', max: '1h' }, 'backoff');

    expect(backoffDelayMs(policy, 5_000)).toBe(3_600_000);
  });

  test('adds or takes away its share at random, and never exceeds the maximum', () => {
    const jittery: Backoff = { type: 'fixed', delay: 1_000, max: '10s', jitter: 0.2 };

    expect(delays(jittery, 1, 0)).toEqual([800]);
    expect(delays(jittery, 1, 0.5)).toEqual([1_000]);
    expect(delays(jittery, 1, 1)).toEqual([1_200]);
    expect(delays({ ...jittery, max: '1s' }, 1, 1)).toEqual([1_000]);
    expect(delays({ ...jittery, jitter: 1 }, 1, 0)).toEqual([0]);
  });

  test.each([
    [{ type: 'linear' }, /^backoff.type is "linear"/],
    [{ jitter: 1.1 }, /^backoff.jitter is 1.1/],
    [{ jitter: Number.NaN }, /^backoff.jitter is NaN/],
    [{ delay: '1 s' }, /^backoff.delay is "1 s"/],
    [{ max: -1 }, /^backoff.max is -1/],
    ['soon', /^backoff is "soon"/],
  ])('refuses %p by name', (backoff, message) => {
    expect(() => backoffPolicy(backoff as Backoff, 'backoff')).toThrow(DepotConfigError);
    expect(() => backoffPolicy(backoff as Backoff, 'backoff')).toThrow(message);
  });
});
