import type { Clock } from '../common/clock.js';
import type { DepotLogger } from '../common/logger.js';
import type { CacheListeners } from './cache.events.js';
import type { Outage } from './cache.outage.js';
import type { Productions } from './cache.productions.js';
import type { CacheSettings } from './cache.settings.js';
import type { CacheCounters } from './cache.stats.js';
import type { FilterStore } from './filter/filter.store.js';

/** What a cache and its namespaces have in common. */
export interface CacheParts {
  readonly name: string;
  readonly settings: CacheSettings;
  readonly clock: Clock;
  readonly logger: DepotLogger;
  readonly counters: CacheCounters;
  readonly listeners: CacheListeners;
  /** Reading, storing and removing: what goes on without the engine. */
  readonly reads: Outage;
  readonly writes: Outage;
  readonly productions: Productions;
  readonly filters: FilterStore;
  /** Aborts when the application closes. */
  readonly closing: AbortSignal;
}
