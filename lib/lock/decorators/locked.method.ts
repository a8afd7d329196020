import { Observable, Subject, takeUntil } from 'rxjs';
import type { MethodCall, Site } from '../../common/decorators/decorated.method.js';
import { noObservable } from '../../common/decorators/result.kind.js';
import { spreadMs } from '../../common/deferral.js';
import { acquireOrConflict } from '../lock.conflict.js';
import type { LockService } from '../lock.service.js';
import type { LockSet } from '../lock.set.js';
import type { Lock } from '../lock.js';
import { lockedKey, lockedTerms, type ErasedLockedOptions, type LockedTerms } from './locked.options.js';

type Call = MethodCall<LockService>;

/** A method that runs under a lock. */
export class LockedMethod {
  private readonly terms: LockedTerms;

  /**
   * @param places of the parameters that get the lock
   * @throws DepotConfigError for a bad option
   */
  constructor(
    private readonly site: Site,
    private readonly options: ErasedLockedOptions,
    private readonly places: readonly number[],
  ) {
    this.terms = lockedTerms(options, site.title);
  }

  answer(call: Call): unknown {
    return call.isObservable ? this.observe(call) : this.await(call);
  }

  private async await(call: Call): Promise<unknown> {
    const lock = await this.acquire(call);
    try {
      return await noObservable(this.run(call, lock), this.site.title);
    } finally {
      await lock.release();
    }
  }

  /** Held from when it is subscribed until it has ended, or nobody wants it any more. */
  private observe(call: Call): Observable<unknown> {
    return new Observable((subscriber) => {
      const waiting = new AbortController();
      const left = new Subject<void>();
      const hold = async (): Promise<void> => {
        const lock = await this.acquire(call, waiting.signal);
        try {
          if (subscriber.closed) return;
          const values = this.run(call, lock) as Observable<unknown>;
          await values.pipe(takeUntil(left)).forEach((value) => subscriber.next(value));
        } finally {
          await lock.release();
        }
      };
      hold().then(
        () => subscriber.complete(),
        (error: unknown) => subscriber.error(error),
      );
      return () => {
        waiting.abort();
        left.next();
      };
    });
  }

  private async acquire(call: Call, signal?: AbortSignal): Promise<Lock | LockSet> {
    const { acquire, onConflict, delayMs } = this.terms;
    const key = lockedKey(this.options, call.args, this.site.title);
    const options = signal ? { ...acquire, signal } : acquire;
    if (onConflict === 'wait') return call.bound.acquire(key, options);
    const deferMs = (): number | undefined => (onConflict === 'defer' ? spreadMs(delayMs) : undefined);
    return acquireOrConflict(call.bound, key, options, deferMs);
  }

  private run({ args, run }: Call, lock: Lock | LockSet): unknown {
    if (this.places.length === 0) return run();
    const given = [...args];
    for (const place of this.places) given[place] = lock;
    return run(given);
  }
}
