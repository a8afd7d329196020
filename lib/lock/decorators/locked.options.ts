import { told, within, type Told } from '../../common/decorators/told.js';
import { deferDelayMs } from '../../common/deferral.js';
import { toMs, type Duration } from '../../common/duration.js';
import { DepotConfigError, show } from '../../common/errors.js';
import { checkKey } from '../../common/key.js';
import { checkKeys } from '../../common/options.js';
import { lockTerms, type AcquireOptions, type LockOptions } from '../lock.options.js';

/** What to do when somebody else has the lock. */
export type OnConflict = 'throw' | 'wait' | 'defer';

/** Options of `@Locked`. Functions are given the method's arguments. */
export interface LockedOptions<A extends readonly unknown[] = readonly unknown[]> extends Omit<
  LockOptions,
  'within'
> {
  /** The lock's key: one for all calls, or told from the arguments. An array: several locks, all of which are held. */
  readonly key: Told<A, string | readonly string[]>;
  /**
   * When the lock is not granted within `wait`:
   * `'wait'`: the call rejects with `LockTimeoutError`.
   * `'throw'`: it rejects with `LockConflictError`.
   * `'defer'`: the same, and a task whose handler lets that pass goes back to the delayed queue for `delay`, which does not
   * count as an attempt.
   *
   * @default 'wait'
   */
  readonly onConflict?: OnConflict;
  /** How long to wait for one's turn. @default '10s'; with 'throw' and 'defer' 0: one try */
  readonly wait?: Duration;
  /** Of `'defer'`: how long the task is deferred, about: it is made up to a fifth longer or shorter. 1 ms at least. @default '1s' */
  readonly delay?: Duration;
}

/** What the options are once their functions may be given anything. */
export type ErasedLockedOptions = LockedOptions<readonly never[]>;

/** What the options come to. */
export interface LockedTerms {
  readonly acquire: AcquireOptions;
  readonly onConflict: OnConflict;
  readonly delayMs: number;
}

const KEYS = ['key', 'ttl', 'renew', 'mode', 'permits', 'take', 'wait', 'onConflict', 'delay'];
const ON_CONFLICT: readonly unknown[] = ['throw', 'wait', 'defer'];

/** Checks when a class is defined what can be checked then. @throws DepotConfigError naming decorator, method and option */
export function lockedTerms(options: ErasedLockedOptions, title: string): LockedTerms {
  checkKeys(options, title, KEYS);
  const { key, ttl, renew, mode, permits, take, wait, onConflict = 'wait', delay } = options;
  if (typeof key !== 'function') checkLockKey(key, `${title}: key`);
  if (!ON_CONFLICT.includes(onConflict)) {
    throw new DepotConfigError(
      `${title}: onConflict is ${show(onConflict)}; expected 'throw', 'wait' or 'defer'`,
    );
  }
  if (delay !== undefined && onConflict !== 'defer') {
    throw new DepotConfigError(`${title}: delay is of onConflict: 'defer', which it does not have`);
  }
  const lock: LockOptions = {
    ...(ttl !== undefined && { ttl }),
    ...(renew !== undefined && { renew }),
    ...(mode !== undefined && { mode }),
    ...(permits !== undefined && { permits }),
    ...(take !== undefined && { take }),
  };
  within(title, () => lockTerms(lock, 1));
  if (wait !== undefined) toMs(wait, `${title}: wait`);
  const delayMs = deferDelayMs(delay, `${title}: delay`);
  const most = wait ?? (onConflict === 'wait' ? undefined : 0);
  return { acquire: { ...lock, ...(most !== undefined && { wait: most }) }, onConflict, delayMs };
}

/** @throws DepotConfigError naming the decorator, when what the options say of these arguments is no key */
export function lockedKey({ key }: ErasedLockedOptions, args: readonly unknown[], title: string): LockKey {
  return checkLockKey(told<LockKey>(key, args), `${title}: what key returned`);
}

type LockKey = string | readonly string[];

function checkLockKey(key: unknown, name: string): LockKey {
  if (!Array.isArray(key)) return checkKey(key, name);
  if (key.length > 0) return key.map((one: unknown, index) => checkKey(one, `${name}[${index}]`));
  throw new DepotConfigError(`${name} is an empty array; expected at least one key`);
}
