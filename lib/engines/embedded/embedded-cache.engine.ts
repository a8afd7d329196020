import { DEFAULT_MEMORY } from '../../cache/cache.settings.js';
import type { CacheEngine, CacheStore, MemorySettings } from '../../cache/cache.store.js';
import { systemClock, type Clock } from '../../common/clock.js';
import { EmbeddedCacheStore } from './embedded-cache.store.js';
import { EmbeddedCache } from './embedded-cache.js';
import { EmbeddedFilterStore } from './embedded-filter.store.js';

/** Caches in the memory of this process, by name. */
export class EmbeddedCacheEngine implements CacheEngine {
  readonly filters = new EmbeddedFilterStore();
  private readonly caches = new Map<string, EmbeddedCache>();

  constructor(private readonly clock: Clock = systemClock) {}

  /** The same name gives the same cache; its memory is as whoever opened it first wanted it. */
  open(name: string, memory: MemorySettings = DEFAULT_MEMORY): CacheStore {
    let cache = this.caches.get(name);
    if (!cache) {
      cache = new EmbeddedCache(memory, this.clock);
      this.caches.set(name, cache);
    }
    return new EmbeddedCacheStore(cache);
  }

  /** Drops everything, ends whoever waits, and stops the timers. */
  close(): void {
    for (const cache of this.caches.values()) cache.close();
    this.filters.close();
  }
}
