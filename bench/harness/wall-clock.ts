/** What has to be added to `process.hrtime.bigint()` to get nanoseconds since the epoch, to a few microseconds. */
export function hrtimeToEpoch(): bigint {
  const before = Date.now();
  for (;;) {
    const now = Date.now();
    // It has just begun, and Date.now() tells no more than that.
    if (now !== before) return BigInt(now) * 1_000_000n - process.hrtime.bigint();
  }
}
