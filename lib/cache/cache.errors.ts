import { DepotError, show } from '../common/errors.js';

/** A factory took longer than its hard time-out, and there was no stale value to serve. What it brings is stored still. */
export class CacheTimeoutError extends DepotError {
  constructor(
    readonly key: string,
    readonly timeoutMs: number,
  ) {
    super('DEPOT_CACHE_TIMEOUT', `The factory of ${show(key)} took longer than ${timeoutMs} ms`);
  }
}
