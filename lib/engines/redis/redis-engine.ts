import { systemClock, type Clock } from '../../common/clock.js';
import type { DepotLogger } from '../../common/logger.js';
import type { Engine } from '../engine.js';
import { RedisCacheEngine } from './cache/redis-cache.engine.js';
import { ServerClock } from './cache/server-clock.js';
import { RedisLockStore } from './lock/redis-lock.store.js';
import { connector, hearingLink, KEEP_ALIVE_MS, type RedisPlace } from './redis-connection.js';
import { RedisFilterStore } from './redis-filter.store.js';
import { RedisInbox, BLOCK_SECONDS } from './redis-inbox.js';
import { RedisKeys } from './redis-keys.js';
import { RedisLink } from './redis-link.js';

import { RedisTaskBroker } from './redis-task.broker.js';

export interface RedisEngineSettings {
  readonly redis: RedisPlace;
  readonly namespace: string;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly offlineWaitMs: number;
  /** How long Redis may be silent before caches go on without it. @default 40 */
  readonly cacheTimeoutMs?: number;
}

/** How much longer than its BLPOP the blocking socket may be silent. */
const BLOCK_GRACE_MS = 5_000;

/**
 * Four connections at most, whatever the number of queues and caches: one for commands, one that blocks once something
 * listens, one that hears of changes once a cache is used, and one that hears of locks once somebody has to wait for one.
 */
export class RedisEngine implements Engine {
  readonly kind = 'redis';
  readonly clock: Clock = systemClock;
  readonly tasks: RedisTaskBroker;
  readonly cache: RedisCacheEngine;
  readonly locks: RedisLockStore;
  private readonly link: RedisLink;
  private readonly inbox: RedisInbox;

  /** @param process identifies this process among all that share the namespace */
  constructor(settings: RedisEngineSettings, process: string, logger: DepotLogger) {
    const { redis, connectTimeoutMs, commandTimeoutMs, offlineWaitMs } = settings;
    const connect = connector(redis);
    const keys = new RedisKeys(settings.namespace);
    this.link = new RedisLink({ connect, connectTimeoutMs, commandTimeoutMs, waitMs: offlineWaitMs });
    const blocking = new RedisLink({
      connect: (overrides) => connect({ ...overrides, keepAlive: KEEP_ALIVE_MS }),
      connectTimeoutMs,
      commandTimeoutMs: BLOCK_SECONDS * 1_000 + BLOCK_GRACE_MS,
      waitMs: 1_000,
    });
    const hearing = (): RedisLink => hearingLink(connect, connectTimeoutMs);
    this.inbox = new RedisInbox(blocking, keys.wake(process), logger);
    this.tasks = new RedisTaskBroker(this.link, this.inbox, keys, process);
    this.cache = new RedisCacheEngine({
      keys,
      link: this.link,
      feedLink: hearing(),
      timeoutMs: settings.cacheTimeoutMs ?? 40,
      clock: new ServerClock(this.clock),
      filters: (asking) => new RedisFilterStore(this.link, settings.namespace, asking),
      logger,
    });
    this.locks = new RedisLockStore(this.link, hearing(), keys, process);
    this.link.onDown(() => logger.warn(`Lost the connection to ${this.link.target}; trying to get it back`));
    this.link.onBack(() => logger.log(`${this.link.target} is back`));
  }

  async open(): Promise<void> {
    await this.link.open();
    await this.cache.connected();
  }

  async close(): Promise<void> {
    this.inbox.stop();
    this.locks.close();
    await this.cache.close();
    this.link.close();
  }
}
