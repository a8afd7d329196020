export { ManualClock } from '../../lib/testing/manual-clock.js';

/** Everything that promises alone have set in motion has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
