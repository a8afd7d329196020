import { Redis } from 'ioredis';
import type { CacheStore, ClaimRequest, MemorySettings, NewEntry } from '../../lib/cache/cache.store.js';
import { RedisEngine } from '../../lib/engines/redis/redis-engine.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { RecordingLogger } from '../support/recording-logger.js';

export const MEMORY: MemorySettings = {
  maxEntries: 1_000,
  maxBytes: 1_000_000,
  policy: 'lru',
  ttlMs: Infinity,
};

/** Processes with caches on one Redis, and somebody who knows nothing of them. */
export class RedisCacheScene {
  readonly namespace = uniqueNamespace();
  readonly logger = new RecordingLogger();
  /** Speaks to the server as redis-cli does. */
  readonly cli: Redis;
  private readonly engines: RedisEngine[] = [];

  constructor(private readonly url: string) {
    this.cli = new Redis(url);
  }

  /** Another process. */
  async engine(url = this.url, cacheTimeoutMs = 2_000): Promise<RedisEngine> {
    const timings = { connectTimeoutMs: 5_000, commandTimeoutMs: 10_000, offlineWaitMs: 1_000 };
    const engine = new RedisEngine(
      { redis: url, namespace: this.namespace, ...timings, cacheTimeoutMs },
      `process-${this.engines.length}`,
      this.logger,
    );
    this.engines.push(engine);
    await engine.open();
    return engine;
  }

  async cache(memory: MemorySettings | undefined = MEMORY, url = this.url): Promise<CacheStore> {
    return (await this.engine(url)).cache.open('c', memory);
  }

  /** Name of an entry, lease or epoch of the cache on Redis. */
  entry(key: string): string {
    return `${this.namespace}:cache:c:{${key}}`;
  }

  lease(key: string): string {
    return `${this.namespace}:fill:c:{${key}}`;
  }

  /** Commands that the server was given meanwhile, by name; those that do no more than look at it left out. */
  async commands(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
    await this.cli.config('RESETSTAT');
    await work();
    const counts: Record<string, number> = {};
    for (const [, name = '', calls] of (await this.cli.info('commandstats')).matchAll(
      /^cmdstat_([^:]+):calls=(\d+)/gm,
    )) {
      if (!/^(config|info)/.test(name)) counts[name] = Number(calls);
    }
    return counts;
  }

  async close(): Promise<void> {
    await Promise.all(this.engines.map((engine) => engine.close()));
    this.cli.disconnect();
  }
}

export const written = (
  key: string,
  value: unknown,
  over: Partial<NewEntry> = {},
): NewEntry & { readonly key: string } => ({
  key,
  text: JSON.stringify(value),
  freshMs: 60_000,
  graceMs: 60_000,
  tags: [],
  ...over,
});

export const valueAt = async (store: CacheStore, key: string): Promise<unknown> =>
  (await store.read(key))?.value.copy();

/** Resolves once the store has it in memory. */
export const known = (store: CacheStore, key: string, value: unknown): Promise<void> =>
  eventually(async () => {
    await store.read(key);
    if (store.peek(key)?.value.copy() !== value) throw new Error(`${key} is not in memory`);
  });

export const request = (key: string, over: Partial<ClaimRequest> = {}): ClaimRequest => ({
  key,
  tags: [],
  lateTags: false,
  seen: undefined,
  waitedFor: undefined,
  ...over,
});
