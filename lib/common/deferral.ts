import { toMs, type Duration } from './duration.js';
import { DepotConfigError, DepotError, show } from './errors.js';

/**
 * How long something is deferred, in milliseconds. What came back at once would do so again and again.
 *
 * @throws DepotConfigError naming it
 */
export function deferDelayMs(delay: Duration | undefined, name: string): number {
  const ms = toMs(delay ?? '1s', name);
  if (ms >= 1) return ms;
  throw new DepotConfigError(`${name} is ${show(delay)}; expected 1 ms or more`);
}

/** Part of a delay by which it is made longer or shorter, so that what was deferred together does not come back together. */
const SPREAD = 0.2;

/** About so many milliseconds. */
export const spreadMs = (ms: number): number => Math.round(ms * (1 + SPREAD * (2 * Math.random() - 1)));

/**
 * How long a task is to wait that can't run now, in milliseconds, when its handler has thrown such an error: one of this
 * library's that has `deferMs`, whichever feature it is of. `undefined`: it has failed.
 */
export function deferralOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof DepotError) || !('deferMs' in thrown)) return undefined;
  const { deferMs } = thrown;
  return typeof deferMs === 'number' && deferMs >= 0 && Number.isFinite(deferMs) ? deferMs : undefined;
}
