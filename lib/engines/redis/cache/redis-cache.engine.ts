import type { Redis } from 'ioredis';
import type { CacheEngine, CacheStore, MemorySettings } from '../../../cache/cache.store.js';
import type { FilterStore } from '../../../cache/filter/filter.store.js';
import { WHOLE_CACHE } from '../../../cache/memory/key.space.js';
import type { DepotLogger } from '../../../common/logger.js';
import type { RedisKeys } from '../redis-keys.js';
import type { RedisLink } from '../redis-link.js';
import { CACHE_GIVE_UP } from '../scripts/cache-lease.lua.js';
import { Breaker } from './breaker.js';
import { cacheKeyName, SpaceKeys, type CacheKeyName } from './cache-keys.js';
import { CacheLink } from './cache-link.js';
import { Feed } from './feed.js';
import { Leases } from './leases.js';
import { RedisCache, type EngineParts } from './redis-cache.js';
import { RedisCacheStore } from './redis-cache.store.js';
import type { ServerClock } from './server-clock.js';
import { Slots } from './slots.js';
import { Sweeper } from './sweeper.js';
import { UniqueTexts } from './unique-texts.js';

export interface CacheEngineSettings {
  readonly keys: RedisKeys;
  /** For commands. Others use it, too. */
  readonly link: RedisLink;
  /** For what Redis tells by itself; nobody else uses it. */
  readonly feedLink: RedisLink;
  /** How long Redis may be silent before caches go on without it. */
  readonly timeoutMs: number;
  readonly clock: ServerClock;
  /** Filters whose questions go by this way. */
  readonly filters: (asking: Pick<RedisLink, 'run'>) => FilterStore;
  readonly logger: DepotLogger;
}

/** Caches on Redis, by name: one breaker and one feed for all of them. */
export class RedisCacheEngine implements CacheEngine {
  readonly filters: FilterStore;
  private readonly caches = new Map<string, RedisCache>();
  private readonly parts: EngineParts;
  private readonly breaker: Breaker;
  private readonly slots = new Slots();

  constructor(private readonly settings: CacheEngineSettings) {
    const { keys, link, feedLink, timeoutMs, clock, logger } = settings;
    this.breaker = new Breaker(
      timeoutMs,
      () => link.progress,
      () => this.recover(),
      (open) => this.switched(open),
    );
    const cacheLink = new CacheLink(link, this.breaker, this.slots);
    this.filters = settings.filters(cacheLink);
    const feed = new Feed(
      feedLink,
      keys.cachePrefix,
      keys.cacheNews,
      {
        confirmed: () => this.all((cache) => cache.feedConfirmed()),
        lost: () => this.all((cache) => cache.feedLost()),
        flushed: () => this.all((cache) => cache.flushed()),
        changed: (key) => this.dispatch(key, (cache, name) => cache.changed(name, key)),
        news: (key) => this.dispatch(key, (cache, name) => cache.news(name, key)),
      },
      logger,
    );
    this.parts = {
      link: cacheLink,
      clock,
      texts: new UniqueTexts(),
      news: keys.cacheNews,
      feed,
      leases: new Leases(cacheLink),
      sweeper: new Sweeper(cacheLink, keys.cachePrefix),
      owes: () => this.breaker.owes(),
    };
    link.onDown(() => this.breaker.trip());
    link.onBack(() => void this.breaker.alive());
  }

  open(name: string, memory: MemorySettings | undefined): CacheStore {
    const root = SpaceKeys.cache(this.settings.keys, name);
    let cache = this.caches.get(root.path);
    if (!cache) {
      cache = new RedisCache(root, this.parts, memory);
      this.caches.set(root.path, cache);
    }
    return new RedisCacheStore(cache, cache.root, WHOLE_CACHE);
  }

  /** To be called once the link is there: learns the server's time, and what kind of server it is. */
  async connected(): Promise<void> {
    await this.settings.link.command((redis) => this.greet(redis));
  }

  /** Gives back what this process was about to make, and hears of nothing any more. Never rejects. */
  async close(): Promise<void> {
    const { leases, sweeper, feed, link, news } = this.parts;
    sweeper.close();
    feed.close();
    const { cachePrefix, fillPrefix } = this.settings.keys;
    const given = leases.takeAll().map(([lease, token]) => {
      const entry = cachePrefix + lease.slice(fillPrefix.length);
      return link.run(CACHE_GIVE_UP, [entry, lease], [news, token, '', 0]);
    });
    await Promise.allSettled(given);
    this.breaker.stop();
  }

  private async recover(): Promise<boolean> {
    const { link } = this.settings;
    if (!link.isReady) return false;
    try {
      await this.connected();
      const direct = new CacheLink(link, ALWAYS, this.slots);
      // While some are made, more may become due.
      for (let due = this.owing(); due.length > 0; due = this.owing()) {
        for (const cache of due) await cache.makeAmends(direct);
      }
      return link.isReady;
    } catch {
      // The next sign of life is the next attempt.
      return false;
    }
  }

  private owing(): readonly RedisCache[] {
    return [...this.caches.values()].filter(({ owes }) => owes);
  }

  private async greet(redis: Redis): Promise<void> {
    const { clock } = this.settings;
    const askedAt = clock.local.now();
    const [time, info] = await Promise.all([
      redis.time(),
      // Who may not ask is not on a cluster, as far as this can know.
      redis.info('cluster').catch(() => ''),
    ]);
    clock.learn(time as unknown as [string, string], askedAt);
    this.slots.clustered = info.includes('cluster_enabled:1');
  }

  private switched(open: boolean): void {
    const { logger, link } = this.settings;
    // Nobody cares about caches that were never used.
    const log = this.parts.feed.isStarted;
    if (open) {
      if (log) logger.warn(`${link.target} does not answer; caches go on without it`);
      this.all((cache) => cache.wentAway());
    } else {
      if (log) logger.log(`${link.target} answers again, and caches use it`);
      this.all((cache) => cache.cameBack());
    }
  }

  private all(tell: (cache: RedisCache) => void): void {
    for (const cache of this.caches.values()) tell(cache);
  }

  private dispatch(key: string, tell: (cache: RedisCache, name: CacheKeyName) => void): void {
    const name = cacheKeyName(key, this.settings.keys.cachePrefix);
    const cache = name && this.caches.get(name.path.split('/', 1).join(''));
    if (name && cache) tell(cache, name);
  }
}

/** Lets everything through: for what asks whether the way is free. */
const ALWAYS = { isOpen: false, call: <T>(send: () => Promise<T>): Promise<T> => send() };
