import type { CachedValue } from './cache.value.js';
import type { FilterStore } from './filter/filter.store.js';

/** What is stored under a key. Times are milliseconds since the epoch by the engine's clock; `Infinity`: never. */
export interface CacheEntry {
  readonly value: CachedValue;
  readonly createdAt: number;
  /** From then on it is stale: it may answer while a fresh value is made, or when none can be. */
  readonly freshUntil: number;
  /** From then on it is gone. Never before `freshUntil`. */
  readonly keptUntil: number;
  /** Another one for each time that something is stored. */
  readonly version: string;
}

/** What is to be stored. */
export interface NewEntry {
  /** By the codec. */
  readonly text: string;
  /** How long it is fresh: whole milliseconds, at least 1, or `Infinity`. */
  readonly freshMs: number;
  /** How much longer it is kept when it is stale: whole milliseconds, 0 or more. */
  readonly graceMs: number;
  readonly tags: readonly string[];
}

/** Somebody wants to make the value of a key, and nobody else should. */
export interface ClaimRequest {
  readonly key: string;
  /** Tags that are known before the value is: it does not land when one of them is invalidated meanwhile. */
  readonly tags: readonly string[];
  /** More tags are known when the value is; it does not land when any tag of the cache is invalidated meanwhile. */
  readonly lateTags: boolean;
  /** Version of the entry that was found and won't do; another one than that is an answer. `undefined`: none was there. */
  readonly seen: string | undefined;
  /** Whom the caller has waited for: his failure is an answer to this caller, but to no one who asks later. */
  readonly waitedFor: string | undefined;
}

export type Claim =
  /** The caller is to make the value. */
  | { readonly kind: 'granted'; readonly lease: CacheLease }
  /** Somebody has stored another one, which is valid; it may be stale. */
  | { readonly kind: 'found'; readonly entry: CacheEntry }
  /** `holder` is making it. `changed` resolves when it is worth claiming again, or at once when the signal aborts; it never rejects. */
  | {
      readonly kind: 'taken';
      readonly holder: string;
      readonly changed: (signal?: AbortSignal) => Promise<void>;
    }
  /** Whoever was making it has failed: an error, as the codec has it. */
  | { readonly kind: 'failed'; readonly error: string };

/**
 * The right to store what was made of a key. The store renews it until one of these is called, once; when the process
 * dies it ends by itself, soon.
 */
export interface CacheLease {
  /**
   * Stores the entry, unless anything was stored, deleted or invalidated since the lease was granted, its tags, namespace and cache
   * included. Says whether it did. The lease ends either way.
   */
  fill(entry: NewEntry): Promise<boolean>;
  /** Tells those who wait of the error; whoever asks within `ttlMs` (0: nobody) gets it, too. */
  fail(error: string, ttlMs: number): Promise<void>;
  /** Nothing is to be stored; whoever waits tries for himself. */
  release(): Promise<void>;
}

/**
 * What an engine does for a cache, or for a namespace in it: texts by key, each with an expiry. Every method is atomic for
 * each key; calls of one process for a key take effect in the order in which they were made. Invalidated entries are never
 * returned by anything.
 *
 * All but `peek` reject with EngineUnavailableError when the engine does not answer. What should have been removed or
 * replaced then (`write`, `delete`, `expire`, `deleteMatching`, `invalidate…`) is removed before the first read after it is back.
 */
export interface CacheStore {
  /**
   * The entry, fresh or stale, if this process knows it without asking.
   *
   * @param now the time by the engine's clock, if the caller knows it: to look at the clock takes longer than all else here
   */
  peek(key: string, now?: number): CacheEntry | undefined;

  /** The entry, fresh or stale. When the engine does not answer, one that was known before serves as well. */
  read(key: string): Promise<CacheEntry | undefined>;

  /** The same of many, in order. */
  readMany(keys: readonly string[]): Promise<readonly (CacheEntry | undefined)[]>;

  /** Stores entries in place of what was there, each as by the time of the call. A lease on the key ends. */
  write(entries: readonly (NewEntry & { readonly key: string })[]): Promise<void>;

  /** Removes entries; says how many were there, fresh or stale. Leases on the keys end. */
  delete(keys: readonly string[]): Promise<number>;

  /** Sets how long the entry is fresh from now on (whole milliseconds; 0: it is stale now; `Infinity`), and says whether there was one that is fresh. Its grace stays as long. A lease on the key ends. */
  expire(key: string, freshMs: number): Promise<boolean>;

  /**
   * Adds `by` to the number that is stored, 0 when there is none that is fresh, and returns the sum. The ttl of a new one is `freshMs`;
   * one that is there keeps its own. A lease on the key ends.
   *
   * @throws EngineReplyError when something else than a number is stored; nothing changes then
   */
  increment(key: string, by: number, freshMs: number): Promise<number>;

  /** One answer for each request, in order, from one round trip; the entries are looked at again. */
  claim(requests: readonly ClaimRequest[]): Promise<readonly Claim[]>;

  /**
   * Removes the entries of this cache or namespace, not of its namespaces, whose key matches, and says how many: `*` any text, `?` a character, `[ab]`, `[^a]`,
   * `[a-z]` one of them, `\` takes the next character as it is. Leases on the keys end. What is stored meanwhile may stay.
   */
  deleteMatching(pattern: string): Promise<number>;

  /** All entries, those of namespaces of this one included, are gone, at once; their memory comes back later. Fills under way don't land. */
  invalidate(): Promise<void>;

  /** All entries of the cache, in any namespace, that have one of the tags are gone, at once. Fills under way with such a tag don't land. */
  invalidateTags(tags: readonly string[]): Promise<void>;

  /** The same cache, other keys. Made as it is asked for and kept by nobody: a name may be any user's. */
  namespace(name: string): CacheStore;

  /** What the key is called in this process, other than any other key of the cache, its namespaces included. */
  idOf(key: string): string;

  /**
   * Calls back with the id of a key of the cache, in any namespace, as this process hears that somebody else may have changed it; `undefined`: any key. To
   * be called on the cache itself, not on a namespace, of which there may be any number, each of them light.
   */
  onChange(listener: (id: string | undefined) => void): void;

  /** What this process has of the whole cache in memory. */
  size(): CacheSize;
}

export interface CacheSize {
  readonly entries: number;
  /** As text, about. */
  readonly bytes: number;
}

/** How much of a cache a process has in memory. */
export interface MemorySettings {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Which entry goes when there are too many: the one that was not used for longest, or the one that expires first. */
  readonly policy: 'lru' | 'ttl';
  /** Nothing stays for longer. `Infinity`: no limit of its own. */
  readonly ttlMs: number;
}

/** Caches of an engine, by name. */
export interface CacheEngine {
  readonly filters: FilterStore;
  /**
   * @param name 1 to 128 characters without white space or braces
   * @param memory `undefined`: nothing is kept in the process. The embedded engine has no other place, and takes its defaults then.
   */
  open(name: string, memory: MemorySettings | undefined): CacheStore;
}
