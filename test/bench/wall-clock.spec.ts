import { expect, it } from '@jest/globals';
import { hrtimeToEpoch } from '../../bench/harness/wall-clock.js';

it('tells the time of the epoch by the clock that all processes share', () => {
  const toEpoch = hrtimeToEpoch();
  const before = Date.now();
  const ms = Number((process.hrtime.bigint() + toEpoch) / 1_000_000n);
  expect(ms).toBeGreaterThanOrEqual(before - 1);
  expect(ms).toBeLessThanOrEqual(Date.now() + 1);
});
