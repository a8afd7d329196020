import type { Clock } from '../common/clock.js';
import { DepotConfigError, show } from '../common/errors.js';
import type { DepotLogger } from '../common/logger.js';
import { CacheListeners } from './cache.events.js';
import type { CacheMemoryOptions, CacheOptions } from './cache.options.js';
import { Outage } from './cache.outage.js';
import { Productions } from './cache.productions.js';
import { CacheService } from './cache.service.js';
import { cacheSettings, type CacheSettings } from './cache.settings.js';
import { CacheCounters } from './cache.stats.js';
import { FallbackStore } from './cache.fallback.js';
import type { CacheEngine, CacheStore } from './cache.store.js';

/** The name of the cache that nobody has to register. */
export const DEFAULT_CACHE_NAME = 'default';

/** What an application's caches are made of. */
export interface CacheSources {
  readonly engine: CacheEngine;
  /** Of caches that are this process's own. */
  readonly memory: CacheEngine;
  /** Of another Redis, on which caches fall back; left out where none does. */
  readonly elsewhere?: (redis: string) => CacheEngine;
  readonly clock: Clock;
  readonly logger: DepotLogger;
  /** Of the default cache, and what other caches don't say. */
  readonly settings: CacheSettings;
}

interface OpenCache {
  readonly settings: CacheSettings;
  readonly service: CacheService;
}

/** The caches of an application, by name. */
export class CacheRegistry {
  private readonly caches = new Map<string, OpenCache>();
  /** Of decorated methods: they are named by these, and apart from the others. */
  private readonly memories = new Map<string, OpenCache>();
  private readonly closing = new AbortController();

  constructor(private readonly sources: CacheSources) {
    const { settings } = sources;
    this.caches.set(DEFAULT_CACHE_NAME, { settings, service: this.open(DEFAULT_CACHE_NAME, settings) });
  }

  /** The names of all that `get` gives. */
  get names(): readonly string[] {
    return [...this.caches.keys()];
  }

  /** The default cache, or the one of that name. @throws DepotConfigError when there is none */
  get(name = DEFAULT_CACHE_NAME): CacheService {
    const known = this.caches.get(name);
    if (known) return known.service;
    throw new DepotConfigError(
      `cache ${show(name)} is not registered; there are: ${this.names.join(', ')}. DepotModule.registerCache makes one`,
    );
  }

  /**
   * Opens a cache; one that is registered twice must have the same options.
   *
   * @throws DepotConfigError for a bad option, or other options than before
   */
  register(name: string, options: CacheOptions): CacheService {
    const settings = this.settings(name, options);
    const known = this.caches.get(name) ?? { settings, service: this.open(name, settings) };
    this.caches.set(name, known);
    if (isSame(known.settings, settings)) return known.service;
    throw new DepotConfigError(`cache '${name}' is registered twice with different options`);
  }

  /** What the options of a named cache come to. @throws DepotConfigError for a bad option */
  settings(name: string, options: CacheOptions): CacheSettings {
    if (name === DEFAULT_CACHE_NAME) {
      throw new DepotConfigError("cache 'default' has its options in DepotModule.forRoot, as cache");
    }
    return cacheSettings(options, this.sources.settings, `cache '${name}'`);
  }

  /** A cache in this process's memory, made once for each name; `get` does not give it. */
  memory(name: string, options: CacheMemoryOptions): CacheService {
    const known = this.memories.get(name);
    if (known) return known.service;
    const all: CacheOptions = { store: 'memory', memory: options };
    const settings = cacheSettings(all, this.sources.settings, `cache '${name}'`);
    const service = this.open(`method ${name}`, settings);
    this.memories.set(name, { settings, service });
    return service;
  }

  /** Factories are told that nobody waits any more, and whoever waits for another process goes on alone. */
  close(): void {
    this.closing.abort();
  }

  private open(name: string, settings: CacheSettings): CacheService {
    const { engine, memory, clock, logger } = this.sources;
    const store = this.store(name, settings);
    const title = name === DEFAULT_CACHE_NAME ? 'the cache' : `cache '${name}'`;
    const listeners = new CacheListeners(logger);
    const parts = {
      name,
      settings,
      clock,
      logger,
      counters: new CacheCounters(settings.group),
      listeners,
      reads: new Outage(`Reading ${title}`, logger, listeners),
      writes: new Outage(`Writing ${title}`, logger, listeners),
      closing: this.closing.signal,
      filters: (settings.store === 'memory' ? memory : engine).filters,
    };
    const productions = new Productions(parts);
    store.onChange((id) => productions.forget(id));
    return new CacheService(store, { ...parts, productions }, [name]);
  }

  private store(name: string, settings: CacheSettings): CacheStore {
    const { engine, memory, elsewhere = nowhere } = this.sources;
    if (settings.store === 'memory') return memory.open(name, settings.memory);
    const chain = settings.fallback.map((place) =>
      place === 'memory'
        ? memory.open(`fallback ${name}`, settings.memory)
        : elsewhere(place.redis).open(name, settings.memory),
    );
    return [engine.open(name, settings.memory), ...chain].reduceRight(
      (rest, store) => new FallbackStore(store, rest),
    );
  }
}

function nowhere(): never {
  throw new DepotConfigError('cache.fallback names a Redis, and there is none to be had here');
}

function isSame(one: CacheSettings, other: CacheSettings): boolean {
  return JSON.stringify(one) === JSON.stringify(other) && one.group === other.group;
}
