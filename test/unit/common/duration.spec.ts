import { describe, expect, test } from '@jest/globals';
import { duration, toMs } from '../../../lib/common/duration.js';
import { DepotConfigError } from '../../../lib/common/errors.js';

describe('durations', () => {
  test.each([
    ['0ms', 0],
    ['250ms', 250],
    ['1.5s', 1_500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    [0, 0],
    [42, 42],
    [0.5, 0.5],
  ])('%p is %p ms', (value, ms) => {
    expect(toMs(value, 'ttl')).toBe(ms);
    expect(duration(value)).toBe(value);
  });

  test.each([
    '',
    '10',
    '10 s',
    ' 10s',
    '10s ',
    '-1s',
    '+1s',
    '0x10s',
    '1e3ms',
    '10S',
    '10 min',
    '1w',
    '1h30m',
    '.5s',
    '5.s',
    '٣s',
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    {},
    [],
    10n,
    () => 10,
  ])('%p is refused by name', (value) => {
    expect(() => duration(value, 'CACHE_TTL')).toThrow(DepotConfigError);
    expect(() => duration(value, 'CACHE_TTL')).toThrow(/^CACHE_TTL is .*; expected/s);
  });
});
