import type { ByteSize } from '../common/bytes.js';
import type { Duration } from '../common/duration.js';
import type { CacheFilter } from './filter/cache.filter.js';

/** How values are kept. Options of a cache hold for all that is stored in it, unless a call or a decorator says otherwise. */
export interface CachePolicyOptions {
  /** How long a value is fresh. 0: it is not stored. `Infinity`: until it is deleted. @default '5m' */
  readonly ttl?: Duration;
  /** The same for `null`, which stands for "there is none". @default the ttl */
  readonly nullTtl?: Duration;
  /** How much longer a value may be served when it is stale: while a fresh one is made, and when none can be. @default 0 */
  readonly grace?: Duration;
  /** Part of the ttl, 0 to 1, by which each entry may expire earlier, at random, so that they don't expire together. @default 0 */
  readonly jitter?: number;
  /** Part of the ttl, above 0 and below 1, after which a hit has the value made anew, behind the caller's back. @default never */
  readonly refreshAhead?: number;
  /** How long a factory may take. A `Duration` is the hard one. */
  readonly timeout?: Duration | FactoryTimeoutOptions;
  /** How long a factory's error is given to whoever asks for the key. @default 0: each time the factory is tried */
  readonly errorTtl?: Duration;
}

export interface FactoryTimeoutOptions {
  /** With a stale value at hand: how long to wait for a fresh one before that is served. @default 0 */
  readonly soft?: Duration;
  /** After it the caller gets a stale value or a `CacheTimeoutError`; what the factory brings is stored still. @default none */
  readonly hard?: Duration;
}

/** What a process keeps in its memory of a cache. */
export interface CacheMemoryOptions {
  /** Entries, 1 to 10,000,000. @default 10,000 */
  readonly max?: number;
  /** Size of all of them as text. @default '64mb' */
  readonly maxBytes?: ByteSize;
  /** Which one goes when there are too many: the one that was not used for longest, or the one that expires first. @default 'lru' */
  readonly policy?: 'lru' | 'ttl';
  /** Nothing stays for longer in front of Redis. @default no limit of its own */
  readonly ttl?: Duration;
}

/** This process's memory, or another Redis by its URL. */
export type CacheFallback = 'memory' | { readonly redis: string };

export interface CacheOptions extends CachePolicyOptions {
  /** Where it is: `'engine'`, which all processes share on Redis; or `'memory'`, in each process on its own. @default 'engine' */
  readonly store?: 'engine' | 'memory';
  /** What this process keeps in memory: in front of Redis; the whole cache on the embedded engine. `false`: nothing in front of Redis. */
  readonly memory?: CacheMemoryOptions | false;
  /** Whether everybody gets a copy of a value, or all the same object, frozen in depth. @default 'copied' */
  readonly values?: 'copied' | 'frozen';
  /** Bytes that a value may have when serialised. @default '16mb' */
  readonly maxValue?: ByteSize;
  /** What serves instead while the store can't be reached, one after the other. @default none */
  readonly fallback?: readonly CacheFallback[];
  /** Which group a key is counted with in the statistics. @default what comes before its first colon */
  readonly group?: (key: string) => string;
}

/** Options of `DepotModule.registerCache`. */
export interface NamedCacheOptions extends CacheOptions {
  /** 1 to 128 characters; no white space, no braces. */
  readonly name: string;
}

export interface SetOptions extends Pick<CachePolicyOptions, 'ttl' | 'nullTtl' | 'grace' | 'jitter'> {
  /** With any of them `invalidateTags` removes it. */
  readonly tags?: readonly string[];
}

export interface GetOrSetOptions<T = unknown> extends Omit<CachePolicyOptions, 'ttl'> {
  /** As for a cache; or a function that tells it from the value. */
  readonly ttl?: Duration | ((value: NonNullable<T>) => Duration);
  /** With any of them `invalidateTags` removes it; or a function that tells them from the value. */
  readonly tags?: readonly string[] | ((value: T) => readonly string[]);
  /** Values for which it is true are returned and not stored. */
  readonly unless?: (value: T) => boolean;
  /** Keys that it does not know get `null`, and no factory is called. */
  readonly filter?: CacheFilter;
}

/** What a factory is told. */
export interface FactoryContext<T = unknown> {
  readonly key: string;
  /** Aborts when nobody waits any more: at the hard time-out, and when the application closes. */
  readonly signal: AbortSignal;
  /** The value that is stale now, if there is one. */
  readonly stale: T | undefined;
}

export type CacheFactory<T> = (context: FactoryContext<T>) => Promise<T> | T;
