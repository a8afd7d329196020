import { LockConflictError, LockTimeoutError } from './lock.errors.js';
import type { AcquireOptions } from './lock.options.js';
import type { LockService } from './lock.service.js';
import type { LockSet } from './lock.set.js';
import type { Lock } from './lock.js';

/**
 * The lock; and when others have it for longer than it is waited for, that is a conflict.
 *
 * @param deferMs how long a task is deferred by that; `undefined`: it is not
 * @throws LockConflictError in place of `LockTimeoutError`, and what else `acquire` throws. A time-out that is due to an engine
 * that was away stays one: nobody may have the lock
 */
export async function acquireOrConflict(
  locks: LockService,
  key: string | readonly string[],
  options: AcquireOptions,
  deferMs: () => number | undefined,
): Promise<Lock | LockSet> {
  try {
    return await locks.acquire(key, options);
  } catch (error) {
    if (!(error instanceof LockTimeoutError) || error.cause !== undefined) throw error;
    throw new LockConflictError(error.key, deferMs());
  }
}
