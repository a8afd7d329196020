import { DepotError, show } from '../common/errors.js';

/** The lock was not granted within `wait`. Nothing is held. `code`: `DEPOT_LOCK_TIMEOUT`. */
export class LockTimeoutError extends DepotError {
  constructor(
    readonly key: string,
    waitMs: number,
    options?: ErrorOptions,
  ) {
    super(
      'DEPOT_LOCK_TIMEOUT',
      `Lock ${show(key)} was not granted within ${waitMs} ms; wait longer, or hold it for a shorter time`,
      options,
    );
  }
}

/**
 * The lock is not held any more although nobody released it: somebody else may have it now. Stop what it protects.
 * `code`: `DEPOT_LOCK_LOST`.
 */
export class LockLostError extends DepotError {
  constructor(
    readonly key: string,
    why: string,
    options?: ErrorOptions,
  ) {
    super('DEPOT_LOCK_LOST', `Lock ${show(key)} is lost: ${why}`, options);
  }
}

/** Somebody else has the lock, and it was not to be waited for. Nothing is held. `code`: `DEPOT_LOCK_CONFLICT`. */
export class LockConflictError extends DepotError {
  /**
   * @param deferMs a task whose handler throws this goes back to the delayed queue for so many milliseconds, and no attempt
   *   is counted; left out: it has failed
   */
  constructor(
    readonly key: string,
    readonly deferMs?: number,
  ) {
    const later =
      deferMs === undefined ? 'try again later' : `the task is to run again in ${Math.round(deferMs)} ms`;
    super('DEPOT_LOCK_CONFLICT', `Lock ${show(key)} is taken by somebody else; ${later}`);
  }
}

/** The application is closing: nothing is acquired any more. `code`: `DEPOT_LOCKS_STOPPED`. */
export class LocksStoppedError extends DepotError {
  constructor() {
    super('DEPOT_LOCKS_STOPPED', 'No lock can be acquired: the application is closing');
  }
}
