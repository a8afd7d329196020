import { checkTags } from '../cache/cache.lifetime.js';
import type { CacheService } from '../cache/cache.service.js';
import { ttlMs } from '../cache/cache.ttl.js';
import { EngineUnavailableError, show } from '../common/errors.js';
import type { Duration } from '../common/duration.js';
import { checkKeys } from '../common/options.js';

export interface DepotKeyvOptions {
  /** How long a value is kept that Keyv gives without a ttl. @default Infinity */
  readonly ttl?: Duration;
  /** Of everything that is stored: `cache.invalidateTags` removes it. */
  readonly tags?: readonly string[];
}

/** What Keyv gives `setMany`. */
export interface KeyvEntry {
  readonly key: string;
  readonly value: unknown;
  /** In milliseconds. */
  readonly ttl?: number | undefined;
}

/**
 * Lets Keyv, and what is built on it, store in a cache: keys and namespaces of Keyv are keys and namespaces of the cache,
 * which all processes share. For Keyv 5 and 6, each Keyv with a store of its own: a Keyv gives its store its namespace.
 *
 * `clear` of a Keyv without a namespace clears the whole cache. `disconnect` does nothing: the cache belongs to the application.
 *
 * @example const keyv = new Keyv({ store: new DepotKeyvStore(cache), namespace: 'sessions' });
 */
export class DepotKeyvStore {
  /** Keyv looks for an adapter's options here. */
  readonly opts: Record<string, unknown> = {};
  private space: CacheService;
  private name: string | undefined;
  private readonly listeners: ((error: Error) => void)[] = [];

  /** @throws DepotConfigError for a bad option */
  constructor(
    private readonly cache: CacheService,
    private readonly options: DepotKeyvOptions = {},
  ) {
    checkKeys(options, 'options of DepotKeyvStore', ['ttl', 'tags']);
    if (options.ttl !== undefined) ttlMs(options.ttl, 'ttl of DepotKeyvStore');
    if (options.tags !== undefined) checkTags(options.tags);
    this.space = cache;
  }

  get namespace(): string | undefined {
    return this.name;
  }

  /** Set by Keyv. @throws DepotConfigError for a bad name */
  set namespace(name: string | undefined) {
    this.space = name === undefined || name === '' ? this.cache : this.cache.namespace(name);
    this.name = name;
  }

  // All of them are `async` functions: Keyv 6 knows by that what kind of store it has.

  async get<Value>(key: string): Promise<Value | undefined> {
    return this.space.get<Value>(key);
  }

  async getMany<Value>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    return this.space.getMany<Value>(keys);
  }

  /**
   * @param ttl in milliseconds; 0 and `undefined`: none, below 0: over already
   * @returns whether all processes see it; false when the engine is away
   * @throws PayloadError when the value can't be serialised or is too large
   */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    const [stored = false] = await this.store([{ key, value, ttl }]);
    return stored;
  }

  /** Keyv 5 declares that it gets nothing, and hands on what it gets: whether each was stored. */
  async setMany(entries: KeyvEntry[]): Promise<void> {
    return (await this.store(entries)) as unknown as undefined;
  }

  /** Says whether there was one. */
  async delete(key: string): Promise<boolean> {
    return this.space.delete(key);
  }

  /** Says whether there was any. */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    return (await this.space.deleteMany(keys)) > 0;
  }

  async has(key: string): Promise<boolean> {
    return this.space.has(key);
  }

  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.space.has(key)));
  }

  /** Removes what is in the namespace. */
  async clear(): Promise<void> {
    await this.space.clear();
  }

  async disconnect(): Promise<void> {
    // The connection is not Keyv's.
  }

  /** `error`: something was not stored since the engine is away. There are no other events. */
  on(event: string, listener: (...args: unknown[]) => void): this {
    if (event === 'error') this.listeners.push(listener);
    return this;
  }

  /** As few calls as there are different ttls: mostly one. */
  private async store(entries: readonly KeyvEntry[]): Promise<boolean[]> {
    const groups = new Map<Duration, [number, KeyvEntry][]>();
    for (const [at, entry] of entries.entries()) {
      const ttl = this.ttl(entry.ttl);
      const group = groups.get(ttl);
      if (group) group.push([at, entry]);
      else groups.set(ttl, [[at, entry]]);
    }
    const stored = entries.map(() => false);
    const { space } = this;
    const { tags } = this.options;
    const calls = [...groups].map(async ([ttl, group]) => {
      const pairs = group.map(([, { key, value }]) => [key, lean(value)] as const);
      // Keyv says when a value is over; a policy of the cache has no say in it.
      const options = { ttl, nullTtl: ttl, grace: 0, jitter: 0, ...(tags && { tags }) };
      const outcome = await space.setMany(pairs, options);
      for (const [at] of group) stored[at] = outcome;
      if (!outcome) this.report(group.map(([, { key }]) => key));
    });
    await Promise.all(calls);
    return stored;
  }

  private ttl(ttl: number | undefined): Duration {
    if (ttl === undefined || ttl === 0 || Number.isNaN(ttl)) {
      return this.options.ttl ?? Number.POSITIVE_INFINITY;
    }
    return Math.max(0, ttl);
  }

  private report(keys: readonly string[]): void {
    const more = keys.length > 1 ? ` and ${keys.length - 1} more` : '';
    const error = new EngineUnavailableError(
      `Keyv could not store ${show(keys[0])}${more} in cache ${show(this.cache.name)}: the engine is away`,
    );
    for (const listener of this.listeners) listener(error);
  }
}

/** Without serializer Keyv gives `{ value, expires }`, and `expires: undefined` would make something special of plain JSON. */
function lean(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('expires' in value)) return value;
  const { expires, ...rest } = value;
  return expires === undefined ? rest : value;
}
