import { setMaxListeners } from 'node:events';
import { SingleFlight } from '../common/single-flight.js';
import { Audience } from './cache.audience.js';
import { CacheTimeoutError } from './cache.errors.js';
import { Factories, isReadable, type Order } from './cache.factories.js';
import { readFailure } from './cache.failure.js';
import type { GetOrSetOptions } from './cache.options.js';
import type { CacheParts } from './cache.parts.js';
import type { CachePolicy } from './cache.policy.js';
import { Resting } from './cache.resting.js';
import type { CacheEntry, CacheLease, Claim, ClaimRequest } from './cache.store.js';
import type { CachedValue } from './cache.value.js';

/**
 * Makes values that the cache does not have: one factory for a key at a time, in all processes that share the store. Whoever
 * asks meanwhile gets what it brings, good or bad.
 */
export class Productions {
  private readonly flights = new SingleFlight<CachedValue>();

  private readonly audiences = new WeakMap<Promise<CachedValue>, Audience>();
  private readonly resting: Resting;
  private readonly factories: Factories;

  constructor(private readonly parts: Omit<CacheParts, 'productions'>) {
    this.resting = new Resting(parts.clock);
    this.factories = new Factories(parts);
    // One listener for each factory under way.
    setMaxListeners(0, parts.closing);
  }

  /**
   * Joins what is under way for the key, or begins it.
   *
   * @param stale what is there and won't do
   * @throws what the factory throws; CacheTimeoutError when it takes too long, and goes on behind the caller's back
   */
  make<T>(order: Order<T>, stale: CacheEntry | undefined): Promise<CachedValue> {
    const { store, key, policy } = order;
    const flight = this.flights.run(store.idOf(key), () => this.produce(order, stale, this.audience(flight)));
    // Whoever joins has a time-out of his own.
    const audience = this.audience(flight);
    audience.join();
    return this.inTime(key, policy, flight, (error) => audience.leave(error));
  }

  private audience(flight: Promise<CachedValue>): Audience {
    const audience = this.audiences.get(flight) ?? new Audience();
    this.audiences.set(flight, audience);
    return audience;
  }

  /** Makes it anew. Never rejects: `undefined` when it fails, or is not tried because it has failed just now. */
  refresh<T>(order: Order<T>, stale: CacheEntry): Promise<CachedValue | undefined> | undefined {
    const id = order.store.idOf(order.key);
    if (this.resting.has(id)) return undefined;
    return this.make(order, stale).catch(() => {
      this.resting.add(id);
      return undefined;
    });
  }

  /**
   * Makes values of several keys in one call, which brings them in the same order. What is `undefined` is not there.
   *
   * @param order of the first of them
   */
  makeMany<T>(
    order: Order<T>,
    factory: () => Promise<readonly (T | undefined)[]>,
    leases: ReadonlyMap<string, CacheLease | undefined>,
  ): Promise<readonly CachedValue[]> {
    const work = this.factories.runMany(order, factory as () => Promise<readonly T[]>, leases);
    return this.inTime(order.key, order.policy, work);
  }

  /** Whoever asks from now on does not get what is under way. */
  forget(id: string | undefined): void {
    if (id === undefined) this.flights.forgetAll();
    else this.flights.forget(id);
  }

  /** The work's outcome; a CacheTimeoutError when it takes too long, and goes on behind the caller's back. */
  private inTime<W>(
    key: string,
    { hardMs }: CachePolicy,
    work: Promise<W>,
    giveUp?: (error: Error) => void,
  ): Promise<W> {
    if (hardMs === Number.POSITIVE_INFINITY) return work;
    return new Promise((resolve, reject) => {
      const late = (): void => {
        const error = new CacheTimeoutError(key, hardMs);
        giveUp?.(error);
        reject(error);
      };
      const cancel = this.parts.clock.after(hardMs, late);
      work.then(resolve, reject).finally(cancel);
    });
  }

  private async produce<T>(
    order: Order<T>,
    stale: CacheEntry | undefined,
    audience: Audience,
  ): Promise<CachedValue> {
    let seen = stale?.version;
    let waitedFor: string | undefined;
    for (;;) {
      const claim = await this.claim(order, seen, waitedFor);
      if (claim === undefined) return this.factories.run(order, stale, undefined, audience);
      switch (claim.kind) {
        case 'granted':
          return this.factories.run(order, stale, claim.lease, audience);
        case 'failed':
          throw readFailure(claim.error);
        case 'taken':
          await claim.changed(this.parts.closing);
          waitedFor = claim.holder;
          break;
        case 'found':
          if (
            claim.entry.freshUntil > this.parts.clock.now() &&
            isReadable(claim.entry, order.key, this.parts.logger)
          ) {
            return claim.entry.value;
          }
          seen = claim.entry.version;
      }
    }
  }

  /** `undefined`: there is nobody to ask, and everybody makes his own. */
  private async claim<T>(
    { store, key, options: { tags } }: Order<T>,
    seen: string | undefined,
    waitedFor: string | undefined,
  ): Promise<Claim | undefined> {
    if (this.parts.closing.aborted) return undefined;
    const requests = claimRequests([key], tags).map((request) => ({ ...request, seen, waitedFor }));
    const claims = await this.parts.reads.attempt(key, () => store.claim(requests));
    return claims?.[0];
  }
}

/** The claims of somebody who has seen nothing yet. */
export function claimRequests(
  keys: readonly string[],
  tags: GetOrSetOptions<never>['tags'],
): readonly ClaimRequest[] {
  const lateTags = typeof tags === 'function';
  const early = lateTags ? NO_TAGS : (tags ?? NO_TAGS);
  return keys.map((key) => ({ key, tags: early, lateTags, seen: undefined, waitedFor: undefined }));
}

const NO_TAGS: readonly string[] = [];
