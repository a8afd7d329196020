import { Injectable } from '@nestjs/common';
import { decode, encode } from '../common/codec.js';
import { PayloadError, show } from '../common/errors.js';
import type { Duration } from '../common/duration.js';
import { checkKey } from '../common/key.js';
import type { DepotLogger } from '../common/logger.js';
import { SingleFlight, type Flight } from '../common/single-flight.js';
import { Outage } from './cache.outage.js';
import type { CacheStore } from './cache.store.js';
import { cacheTtl, type CacheTtl } from './cache.ttl.js';

export interface CacheSettings {
  /** Ttl of a value that is stored without one; `undefined`: it never expires. */
  readonly ttlMs: number | undefined;
}

export interface SetOptions {
  /**
   * How long the value is kept. 0: not at all. `Infinity`: until it is deleted.
   * @default `cache.ttl` of the module
   */
  readonly ttl?: Duration;
}

export interface GetOrSetOptions<T = unknown> {
  /** As for `set`; or a function that tells it from the value. */
  readonly ttl?: Duration | ((value: T) => Duration);
}

/** In bytes, serialised. Redis takes more, but a value of this size holds up everybody else. */
export const LARGEST_VALUE = 16 * 1_024 * 1_024;

/**
 * Values by key, for all processes that share the engine.
 *
 * What is stored is a copy: changing an object afterwards changes nothing, and everybody gets a copy of their own. Date,
 * Map, Set, BigInt, Buffer and nested ones come back as they went in; an instance of another class as a plain object.
 * `null` is a value like any other; `undefined` is none and never stored.
 *
 * When the engine is away, reads find nothing (the first time it is logged), `getOrSet` answers from its factory, and
 * `set` and `delete` reject.
 */
@Injectable()
export class CacheService {
  private readonly flights = new SingleFlight<() => unknown>();
  private readonly reads: Outage;
  private readonly fills: Outage;

  constructor(
    private readonly store: CacheStore,
    private readonly settings: CacheSettings,
    private readonly logger: DepotLogger,
  ) {
    this.reads = new Outage('Reading the cache', logger);
    this.fills = new Outage('Filling the cache', logger);
  }

  /**
   * The value, or `undefined` when there is none.
   *
   * @param key 1 to 1,024 characters
   * @throws DepotConfigError for a bad key
   */
  async get<T = unknown>(key: string): Promise<T | undefined> {
    checkKey(key, 'cache key');
    const text = await this.reads.attempt(key, () => this.store.get(key));
    return (text === undefined ? undefined : this.readable(key, text)?.()) as T | undefined;
  }

  /**
   * Stores the value. `undefined`, or a ttl of 0, leaves nothing under the key.
   *
   * @throws PayloadError when the value can't be serialised or is too large
   * @throws EngineUnavailableError when the engine does not answer; the value may or may not be stored
   * @throws DepotConfigError for a bad key or ttl
   */
  async set(key: string, value: unknown, options: SetOptions = {}): Promise<void> {
    checkKey(key, 'cache key');
    const { ttlMs } = this.ttl(options.ttl);
    const text = encode(value, `cache value ${show(key)}`, LARGEST_VALUE);
    this.flights.forget(key);
    if (value === undefined || ttlMs === 0) await this.store.delete(key);
    else await this.store.set(key, text, ttlMs);
  }

  /** Whether there is a value. @throws DepotConfigError for a bad key */
  async has(key: string): Promise<boolean> {
    checkKey(key, 'cache key');
    return (await this.reads.attempt(key, () => this.store.has(key))) ?? false;
  }

  /**
   * Removes the value; says whether there was one.
   *
   * @throws EngineUnavailableError when the engine does not answer; the value may or may not be there still
   * @throws DepotConfigError for a bad key
   */
  async delete(key: string): Promise<boolean> {
    checkKey(key, 'cache key');
    this.flights.forget(key);
    return this.store.delete(key);
  }

  /**
   * The value, made and stored by `factory` when there is none. Whoever asks for the key while the factory runs, in this
   * process, waits for it and gets what it gets. A `set` or `delete` of the key in this process while it runs wins: the
   * outcome still goes to those who asked before, but it is not stored, and whoever asks afterwards does not get it.
   *
   * The factory must not ask for its own key; it would wait for itself.
   *
   * @throws what the factory throws, to everybody who waits; nothing is stored then
   * @throws PayloadError when the value can't be serialised
   * @throws DepotConfigError for a bad key or ttl
   * @example const rates = await cache.getOrSet('rates', () => fetchRates(), { ttl: '1m' });
   */
  async getOrSet<T>(
    key: string,
    factory: () => Promise<T> | T,
    options: GetOrSetOptions<T> = {},
  ): Promise<T> {
    checkKey(key, 'cache key');
    if (typeof options.ttl !== 'function') this.ttl(options.ttl);
    const copy = await this.flights.run(key, (flight) => this.load(key, factory, options, flight));
    return copy() as T;
  }

  /** Gives what makes a copy for each of those who asked. */
  private async load<T>(
    key: string,
    factory: () => Promise<T> | T,
    options: GetOrSetOptions<T>,
    flight: Flight,
  ): Promise<() => unknown> {
    const stored = await this.reads.attempt(key, () => this.store.get(key));
    const found = stored === undefined ? undefined : this.readable(key, stored);
    if (found) return found;

    const value = await factory();
    // Those who wait for the factory get a copy, too: else the first caller's object would be everybody's.
    const text = encode(value, `cache value ${show(key)}`);
    if (value !== undefined) {
      const { ttlMs } = this.ttl(typeof options.ttl === 'function' ? options.ttl(value) : options.ttl);
      if (ttlMs !== 0 && flight.current) await this.fill(key, text, ttlMs);
    }
    return () => decode(text);
  }

  private async fill(key: string, text: string, ttlMs: number | undefined): Promise<void> {
    // Storing would fail like the read did, after another wait for the connection.
    if (this.reads.failing) return;
    const bytes = Buffer.byteLength(text);
    if (bytes > LARGEST_VALUE) {
      this.logger.warn(
        `Cache value ${show(key)} is not stored: it has ${bytes} bytes, at most ${LARGEST_VALUE} are allowed`,
      );
      return;
    }
    await this.fills.attempt(key, () => this.store.set(key, text, ttlMs));
  }

  /** What decodes the text, anew each time; `undefined` when it was written by something else. */
  private readable(key: string, text: string): (() => unknown) | undefined {
    try {
      let first: { readonly value: unknown } | undefined = { value: decode(text) };
      return () => {
        const value = first ? first.value : decode(text);
        first = undefined;
        return value;
      };
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      this.logger.warn(`Cache value ${show(key)} is passed over: ${error.message}`);
      return undefined;
    }
  }

  private ttl(ttl: Duration | undefined): CacheTtl {
    return ttl === undefined ? this.settings : cacheTtl(ttl, 'ttl');
  }
}
