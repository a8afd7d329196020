const READINGS = 10;

/** What has to be added to `process.hrtime.bigint()` to get nanoseconds since the epoch, to a few microseconds. */
export function hrtimeToEpoch(): bigint {
  // Whatever comes between reading the one clock and the other makes it less, never more.
  return Array.from({ length: READINGS }, reading).reduce((most, one) => (one > most ? one : most));
}

function reading(): bigint {
  const before = Date.now();
  for (;;) {
    const now = Date.now();
    // It has just begun, and Date.now() tells no more than that.
    if (now !== before) return BigInt(now) * 1_000_000n - process.hrtime.bigint();
  }
}
