import { firstValueFrom, map, merge, Observable, Subject, toArray } from 'rxjs';
import type { GetOrSetOptions } from '../cache.options.js';
import type { CacheService } from '../cache.service.js';
import { pack, unpack } from './observable.values.js';

/**
 * In place of values: all who waited for them have left, and the Observable was unsubscribed. Whoever else waits for the key
 * finds nothing, and it is not stored.
 */
const ABANDONED = undefined;

/** Who waits for the same values. */
class Audience {
  private waiting = 0;
  private isGone = false;
  private readonly gone = new Subject<typeof ABANDONED>();

  join(): void {
    this.waiting++;
  }

  /** Says whether it was the last one. When that one leaves without what it came for, nobody wants it any more. */
  leave(satisfied: boolean): boolean {
    this.waiting--;
    if (this.waiting > 0) return false;
    this.isGone = !satisfied;
    if (this.isGone) this.gone.next(ABANDONED);
    return true;
  }

  /** All values of the Observable. Those who are satisfied with a stale one may have left before. */
  async collect(source: () => Observable<unknown>): Promise<unknown> {
    if (this.isGone) return ABANDONED;
    return firstValueFrom(merge(source().pipe(toArray(), map(pack)), this.gone));
  }
}

/** Observables whose values come from a cache. */
export class CachedObservables {
  private readonly audiences = new WeakMap<CacheService, Map<string, Audience>>();

  /** Asks the cache each time that it is subscribed, and subscribes to `source` when there is nothing. */
  of(
    cache: CacheService,
    key: string,
    source: () => Observable<unknown>,
    options: GetOrSetOptions,
  ): Observable<unknown> {
    return new Observable((subscriber) => {
      const audiences = this.audiencesOf(cache);
      const audience = audiences.get(key) ?? new Audience();
      audiences.set(key, audience);
      audience.join();
      let left = false;
      const leave = (satisfied: boolean): void => {
        if (left) return;
        left = true;
        if (audience.leave(satisfied) && audiences.get(key) === audience) audiences.delete(key);
      };
      const ask = async (): Promise<void> => {
        let stored: unknown = ABANDONED;
        // Whoever asked before has left with the others who waited, and this one came just then.
        while (stored === ABANDONED && !subscriber.closed) {
          stored = await cache.getOrSet<unknown>(key, () => audience.collect(source), options);
        }
        leave(true);
        if (stored === ABANDONED) return;
        for (const value of unpack(stored)) subscriber.next(value);
        subscriber.complete();
      };
      ask().catch((error: unknown) => {
        leave(true);
        subscriber.error(error);
      });
      return () => leave(false);
    });
  }

  private audiencesOf(cache: CacheService): Map<string, Audience> {
    const known = this.audiences.get(cache) ?? new Map<string, Audience>();
    this.audiences.set(cache, known);
    return known;
  }
}
