import { expect, test } from '@jest/globals';
import { deferDelayMs, deferralOf, spreadMs } from '../../../lib/common/deferral.js';
import { DepotError } from '../../../lib/common/errors.js';
import { LockConflictError } from '../../../lib/lock/lock.errors.js';
import { RetryTask } from '../../../lib/task/task.errors.js';

class Deferred extends DepotError {
  constructor(readonly deferMs: unknown) {
    super('DEPOT_DEFERRED', 'not now');
  }
}

test.each([
  ['one of ours that says so', new Deferred(7), 7],
  ['at once', new Deferred(0), 0],
  ['a conflict that defers', new LockConflictError('k', 1_000), 1_000],
  ['a conflict that does not', new LockConflictError('k'), undefined],
  ['another one of ours', new RetryTask('1s'), undefined],
  ['a time that is none', new Deferred('1s'), undefined],
  ['a negative time', new Deferred(-1), undefined],
  ['no end', new Deferred(Number.POSITIVE_INFINITY), undefined],
  ["somebody else's error", Object.assign(new Error('not now'), { deferMs: 7 }), undefined],
  ['no error', { deferMs: 7 }, undefined],
  ['nothing', undefined, undefined],
])('%s', (_, thrown, deferMs) => {
  expect(deferralOf(thrown)).toBe(deferMs);
});

test('a delay is spread by a fifth', () => {
  const delays = Array.from({ length: 200 }, () => spreadMs(1_000));

  expect(Math.min(...delays)).toBeGreaterThanOrEqual(800);
  expect(Math.max(...delays)).toBeLessThanOrEqual(1_200);
  expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(200);
});

test('is a second if nothing is said, and more than nothing', () => {
  expect([deferDelayMs(undefined, 'delay'), deferDelayMs('2m', 'delay')]).toEqual([1_000, 120_000]);
  expect(() => deferDelayMs(0, 'delay')).toThrow('delay is 0; expected 1 ms or more');
});
