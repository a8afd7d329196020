import { setMaxListeners } from 'node:events';
import { encode } from '../common/codec.js';
import { show, toError } from '../common/errors.js';
import { SingleFlight } from '../common/single-flight.js';
import { Audience } from './cache.audience.js';
import { CacheTimeoutError } from './cache.errors.js';
import { readFailure, writeFailure } from './cache.failure.js';
import { checkTags, lifetime } from './cache.lifetime.js';
import type { CacheFactory, GetOrSetOptions } from './cache.options.js';
import type { CacheParts } from './cache.parts.js';
import type { CachePolicy } from './cache.policy.js';
import type { CacheEntry, CacheLease, CacheStore, Claim, ClaimRequest, NewEntry } from './cache.store.js';
import { Resting } from './cache.resting.js';
import { CachedValue } from './cache.value.js';

/** What is to be made, and how it is kept. */
export interface Order<T = unknown> {
  readonly store: CacheStore;
  readonly key: string;
  readonly factory: CacheFactory<T>;
  readonly options: GetOrSetOptions<T>;
  readonly policy: CachePolicy;
}

/** What a factory has brought, as it is stored; no `entry`: it is not to be. */
interface Made {
  readonly key: string;
  readonly text: string;
  readonly entry: NewEntry | undefined;
}

/**
 * Makes values that the cache does not have: one factory for a key at a time, in all processes that share the store. Whoever
 * asks meanwhile gets what it brings, good or bad.
 */
export class Productions {
  private readonly flights = new SingleFlight<CachedValue>();

  private readonly audiences = new WeakMap<Promise<CachedValue>, Audience>();
  private readonly resting: Resting;

  constructor(private readonly parts: Omit<CacheParts, 'productions'>) {
    this.resting = new Resting(parts.clock);
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

  /** Whoever asks from now on does not get what is under way. */
  forget(id: string | undefined): void {
    if (id === undefined) this.flights.forgetAll();
    else this.flights.forget(id);
  }

  /** The work's outcome; a CacheTimeoutError when it takes too long, and goes on behind the caller's back. */
  inTime<W>(
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
      if (claim === undefined) return this.run(order, stale, undefined, audience);
      switch (claim.kind) {
        case 'granted':
          return this.run(order, stale, claim.lease, audience);
        case 'failed':
          throw readFailure(claim.error);
        case 'taken':
          await claim.changed(this.parts.closing);
          waitedFor = claim.holder;
          break;
        case 'found':
          if (claim.entry.freshUntil > this.parts.clock.now() && this.isReadable(order.key, claim.entry)) {
            return claim.entry.value;
          }
          seen = claim.entry.version;
      }
    }
  }

  /** Whether it was written by us, or looks like it. */
  isReadable(key: string, entry: CacheEntry): boolean {
    try {
      entry.value.check();
      return true;
    } catch (error) {
      this.parts.logger.warn(`Cache value ${show(key)} is passed over: ${toError(error).message}`);
      return false;
    }
  }

  /** `undefined`: there is nobody to ask, and everybody makes his own. */
  private async claim<T>(
    { store, key, options: { tags } }: Order<T>,
    seen: string | undefined,
    waitedFor: string | undefined,
  ): Promise<Claim | undefined> {
    if (this.parts.closing.aborted) return undefined;
    const request = { ...claimRequest(key, tags), seen, waitedFor };
    const claims = await this.parts.reads.attempt(key, () => store.claim([request]));
    return claims?.[0];
  }

  /** Makes one value. */
  private async run<T>(
    order: Order<T>,
    stale: CacheEntry | undefined,
    lease: CacheLease | undefined,
    audience: Audience,
  ): Promise<CachedValue> {
    const work = async (): Promise<readonly T[]> => [await this.call(order, stale, audience)];
    const [made] = await this.makeAll(order, work, new Map([[order.key, lease]]));
    return made as CachedValue;
  }

  /** Makes values of several keys in one call, which brings them in the same order. What is `undefined` is not there. */
  runMany<T>(
    order: Order<T>,
    factory: () => Promise<readonly (T | undefined)[]>,
    leases: ReadonlyMap<string, CacheLease | undefined>,
  ): Promise<readonly CachedValue[]> {
    return this.makeAll(order, factory as () => Promise<readonly T[]>, leases);
  }

  /** Has values made, keeps them, and tells of both. */
  private async makeAll<T>(
    order: Order<T>,
    factory: () => Promise<readonly T[]>,
    leases: ReadonlyMap<string, CacheLease | undefined>,
  ): Promise<readonly CachedValue[]> {
    const { counters, listeners, writes } = this.parts;
    const { key } = order;
    const group = counters.of(key);
    group.factoryCalls++;
    const begun = performance.now();
    try {
      const values = await factory();
      const tookMs = performance.now() - begun;
      group.took('factory', tookMs);
      // Before the first is stored all are known to be storable, so that no lease is told of success and failure.
      const all = Array.from(leases.keys(), (one, at) =>
        this.written({ ...order, key: one }, values[at] as T),
      );
      return await Promise.all(
        all.map(async (made) => {
          const stored = await this.keep(made, leases.get(made.key));
          listeners.emit('made', { key: made.key, tookMs, stored });
          return new CachedValue(made.text);
        }),
      );
    } catch (error) {
      group.factoryErrors++;
      listeners.emit('factoryError', { key, error });
      const failure = writeFailure(error);
      const failed = [...leases].map(async ([one, lease]) => {
        if (lease) await writes.attempt(one, () => lease.fail(failure, order.policy.errorTtlMs));
      });
      await Promise.all(failed);
      throw error;
    }
  }

  private call<T>({ key, factory }: Order<T>, stale: CacheEntry | undefined, audience: Audience): Promise<T> {
    const old = stale && this.isReadable(key, stale) ? stale : undefined;
    return audience.attend(this.parts.closing, () =>
      factory({
        key,
        signal: audience.signal,
        get stale() {
          return old?.value.copy() as T | undefined;
        },
      }),
    );
  }

  private written<T>({ key, options, policy }: Order<T>, value: T): Made {
    const text = encode(value, `cache value ${show(key)}`);
    if (value === undefined || options.unless?.(value)) return { key, text, entry: undefined };
    const life = lifetime(value, policy, options.ttl);
    if (!life || !this.isSmall(key, text)) return { key, text, entry: undefined };
    const tags = typeof options.tags === 'function' ? checkTags(options.tags(value)) : (options.tags ?? []);
    return { key, text, entry: { text, tags, ...life } };
  }

  /** Says whether it was stored. */
  private async keep({ key, entry }: Made, lease: CacheLease | undefined): Promise<boolean> {
    if (!lease) return false;
    const { writes } = this.parts;
    if (entry) return (await writes.attempt(key, () => lease.fill(entry))) ?? false;
    await writes.attempt(key, () => lease.release());
    return false;
  }

  private isSmall(key: string, text: string): boolean {
    const { maxValueBytes } = this.parts.settings;
    const bytes = Buffer.byteLength(text);
    if (bytes <= maxValueBytes) return true;
    this.parts.logger.warn(
      `Cache value ${show(key)} is not stored: it has ${bytes} bytes, at most ${maxValueBytes} are allowed`,
    );
    return false;
  }
}

/** The claim of somebody who has seen nothing yet. */
export function claimRequest(key: string, tags: GetOrSetOptions<never>['tags']): ClaimRequest {
  const lateTags = typeof tags === 'function';
  return { key, tags: lateTags ? [] : (tags ?? []), lateTags, seen: undefined, waitedFor: undefined };
}
