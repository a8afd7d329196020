import { Redis, type RedisOptions } from 'ioredis';
import type { MemorySettings } from '../../lib/cache/cache.store.js';
import { silentLogger, type DepotLogger } from '../../lib/common/logger.js';
import { RedisCacheEngine } from '../../lib/engines/redis/cache/redis-cache.engine.js';
import { ServerClock } from '../../lib/engines/redis/cache/server-clock.js';
import { RedisFilterStore } from '../../lib/engines/redis/redis-filter.store.js';
import { RedisLink, type LinkSettings } from '../../lib/engines/redis/redis-link.js';
import { ManualClock } from '../support/manual-clock.js';
import { sharedRedisUrl } from '../support/shared-redis.js';
import type { CacheBench } from './cache-store.scene.js';
import { RedisFixture } from './redis-fixture.js';

export const MEMORY: MemorySettings = {
  maxEntries: 1_000,
  maxBytes: 10_000_000,
  policy: 'lru',
  ttlMs: Number.POSITIVE_INFINITY,
};

/** Of a machine whose clock is that of the scripts, so that tests move both. */
class FrozenServerClock extends ServerClock {
  override get isDue(): boolean {
    return false;
  }

  override learn(): void {
    // It is known.
  }
}

/** The caches of one process. */
export interface CacheProcess {
  readonly engine: RedisCacheEngine;
  readonly link: RedisLink;
  readonly feedLink: RedisLink;
}

export interface CacheProcessOptions {
  /** Where its connections go, if not straight to the server. */
  readonly url?: string;
  /** The same for the one on which it hears of changes. */
  readonly feedUrl?: string;
  readonly timeoutMs?: number;
  readonly logger?: DepotLogger;
}

/** Processes with caches on one Redis, whose time stands still. */
export class RedisCacheFixture {
  readonly clock = new ManualClock();
  readonly fixture: RedisFixture;
  private readonly processes: CacheProcess[] = [];

  constructor(private readonly url = sharedRedisUrl()) {
    this.fixture = new RedisFixture(url);
  }

  async start(): Promise<void> {
    await this.fixture.setClock(this.clock.now());
  }

  async process(options: CacheProcessOptions = {}): Promise<CacheProcess> {
    const { url = this.url, feedUrl = url, timeoutMs = 5_000, logger = silentLogger } = options;
    const { keys, namespace, clockKey } = this.fixture;
    const open = (to: string, overrides: RedisOptions): Redis =>
      new Redis(to, { ...overrides, replyMapping: 'legacy' });
    const settings: Omit<LinkSettings, 'commandTimeoutMs'> = {
      connect: (overrides) => open(url, overrides),
      connectTimeoutMs: 5_000,
      waitMs: 0,
    };
    const now = `local now = tonumber(redis.call('GET', '${clockKey}'))`;
    const link = new RedisLink({ ...settings, commandTimeoutMs: 5_000, now });
    const connect = (overrides: RedisOptions): Redis =>
      open(feedUrl, { ...overrides, protocol: 2, autoResubscribe: false });
    const feedLink = new RedisLink({ ...settings, connect, commandTimeoutMs: 0 });
    const engine = new RedisCacheEngine({
      keys,
      link,
      feedLink,
      timeoutMs,
      clock: new FrozenServerClock(this.clock),
      filters: () => new RedisFilterStore(link, namespace),
      logger,
    });
    await link.open();
    await engine.connected();
    const process = { engine, link, feedLink };
    this.processes.push(process);
    return process;
  }

  /** Time passes. Of what is tracked nothing is touched but what expires: a process hears of nothing else by then. */
  async advance(ms: number): Promise<void> {
    const { redis, keys } = this.fixture;
    const before = this.clock.now();
    const isTracked = (key: string): boolean => key.startsWith(keys.cachePrefix);
    await this.fixture.advance(ms, isTracked);
    const move = async (key: string): Promise<void> => {
      const [text, left] = await Promise.all([redis.get(key), redis.pttl(key)]);
      const [, created, fresh, grace] = /^@(\d+),(\d*),(\d*),/.exec(text ?? '') ?? [];
      const ends =
        created === undefined
          ? key.includes('#') || left < 0
            ? Infinity
            : before + left
          : Number(created) +
            Number(fresh === '' ? Infinity : fresh) +
            Number(grace === '' ? Infinity : grace);
      if (ends <= before + ms) await redis.pexpire(key, -1);
      else if (created === undefined && ends !== Infinity) await redis.pexpire(key, left - ms);
    };
    await Promise.all((await this.fixture.storedKeys()).filter(isTracked).map(move));
    await this.clock.advance(ms);
  }

  async close(): Promise<void> {
    for (const { engine, link } of this.processes) {
      await engine.close();
      link.close();
    }
    await this.fixture.close();
  }
}

export async function openRedis(memory: MemorySettings | undefined, url?: string): Promise<CacheBench> {
  const fixture = new RedisCacheFixture(url);
  await fixture.start();
  const [{ engine }, { engine: otherEngine }] = await Promise.all([fixture.process(), fixture.process()]);
  return {
    kind: memory ? 'redis with memory' : 'redis',
    engine,
    otherEngine,
    memory,
    now: () => fixture.clock.now(),
    advance: (ms) => fixture.advance(ms),
    close: () => fixture.close(),
  };
}
