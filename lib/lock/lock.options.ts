import { DepotConfigError, show } from '../common/errors.js';
import { toMs, type Duration } from '../common/duration.js';

export interface LockOptions {
  /**
   * How long the lock outlives its process: it ends so long after it was granted or renewed. 1 ms to 365 days.
   * @default `locks.ttl` of the module, `'30s'`
   */
  readonly ttl?: Duration;
  /** Renews the lock, every third of its ttl, for as long as it is held. @default true */
  readonly renew?: boolean;
}

export interface AcquireOptions extends LockOptions {
  /** How long to wait for one's turn. 0: one try. @default '10s' */
  readonly wait?: Duration;
  /** Ends the waiting; once the lock is granted it does nothing. */
  readonly signal?: AbortSignal;
}

export const DEFAULT_WAIT_MS = 10_000;

const LONGEST_TTL_MS = 365 * 86_400_000;

/** @throws DepotConfigError when `ttl`, which is `name`, is no length of time that a lock can have */
export function lockTtlMs(ttl: Duration, name: string): number {
  const ms = Math.ceil(toMs(ttl, name));
  if (ms >= 1 && ms <= LONGEST_TTL_MS) return ms;
  throw new DepotConfigError(`${name} is ${show(ttl)}; expected 1 ms to 365d`);
}
