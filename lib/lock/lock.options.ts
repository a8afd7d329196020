import { DepotConfigError, show } from '../common/errors.js';
import { toMs, type Duration } from '../common/duration.js';
import { checkKeys, wholeNumber } from '../common/options.js';
import type { LockSet } from './lock.set.js';
import { ALL_PERMITS, type LockClaim } from './lock.store.js';
import type { Lock } from './lock.js';

/** How a lock is held. */
export interface LockOptions {
  /**
   * How long the lock outlives its process: it ends so long after it was granted or renewed. 1 ms to 365 days.
   * @default `locks.ttl` of the module, `'30s'`
   */
  readonly ttl?: Duration;
  /** Renews the lock, every third of its ttl, for as long as it is held. @default true */
  readonly renew?: boolean;
  /** `'read'`: together with other readers. `'write'`: alone. @default 'write' */
  readonly mode?: 'read' | 'write';
  /**
   * The key is a semaphore: at most so many permits are out at a time, 1 to 999,999. Each acquisition goes by its own
   * number, so all who use the key should say the same.
   */
  readonly permits?: number;
  /** How many of the semaphore's permits it takes, 1 to `permits`. @default 1 */
  readonly take?: number;
  /** What the caller holds already. A key that is in it is not acquired again: it is held until both have released it. */
  readonly within?: Lock | LockSet | undefined;
}

export interface AcquireOptions extends LockOptions {
  /** How long to wait for one's turn, for all keys together. 0: one try. @default '10s' */
  readonly wait?: Duration;
  /** Ends the waiting; once the lock is granted it does nothing. */
  readonly signal?: AbortSignal;
}

export const DEFAULT_WAIT_MS = 10_000;

const LONGEST_TTL_MS = 365 * 86_400_000;
const KEYS = ['ttl', 'renew', 'mode', 'permits', 'take', 'within', 'wait', 'signal'];
const MODES: readonly unknown[] = [undefined, 'read', 'write'];

/** What is wanted of each key. */
export type LockTerms = Pick<LockClaim, 'ttlMs' | 'permits' | 'limit'> & { readonly renew: boolean };

/** @throws DepotConfigError naming the option, its value and what is expected */
export function lockTerms(options: LockOptions, defaultTtlMs: number): LockTerms {
  checkKeys(options, 'lock options', KEYS);
  const { ttl, renew = true } = options;
  if (typeof renew !== 'boolean') {
    throw new DepotConfigError(`renew is ${show(renew)}; expected true or false`);
  }
  const ttlMs = ttl === undefined ? defaultTtlMs : lockTtlMs(ttl, 'ttl');
  return { ttlMs, renew, ...share(options) };
}

/** How much of a key it takes. */
function share({ mode, permits, take }: LockOptions): Pick<LockClaim, 'permits' | 'limit'> {
  if (!MODES.includes(mode)) throw new DepotConfigError(`mode is ${show(mode)}; expected 'read' or 'write'`);
  if (permits === undefined) {
    if (take !== undefined) {
      throw new DepotConfigError(`take is ${show(take)} without permits; expected both, or neither`);
    }
    return { permits: mode === 'read' ? 1 : ALL_PERMITS, limit: ALL_PERMITS };
  }
  if (mode !== undefined) {
    throw new DepotConfigError(`mode is ${show(mode)} beside permits; expected one of them`);
  }
  const limit = wholeNumber(permits, 1, ALL_PERMITS - 1, 'permits');
  return { permits: wholeNumber(take ?? 1, 1, limit, 'take'), limit };
}

/** @throws DepotConfigError when `ttl`, which is `name`, is no length of time that a lock can have */
export function lockTtlMs(ttl: Duration, name: string): number {
  const ms = Math.ceil(toMs(ttl, name));
  if (ms >= 1 && ms <= LONGEST_TTL_MS) return ms;
  throw new DepotConfigError(`${name} is ${show(ttl)}; expected 1 ms to 365d`);
}
