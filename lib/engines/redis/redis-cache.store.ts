import type { CacheStore } from '../../cache/cache.store.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';

/** A cache on Redis: each entry is a key of its own, and Redis itself lets it expire. */
export class RedisCacheStore implements CacheStore {
  constructor(
    private readonly link: RedisLink,
    private readonly keys: RedisKeys,
  ) {}

  async get(key: string): Promise<string | undefined> {
    const text = await this.link.command((redis) => redis.get(this.keys.cache(key)));
    return text ?? undefined;
  }

  async set(key: string, text: string, ttlMs?: number): Promise<void> {
    await this.link.command((redis) =>
      ttlMs === undefined
        ? redis.set(this.keys.cache(key), text)
        : redis.set(this.keys.cache(key), text, 'PX', ttlMs),
    );
  }

  async has(key: string): Promise<boolean> {
    return (await this.link.command((redis) => redis.exists(this.keys.cache(key)))) === 1;
  }

  async delete(key: string): Promise<boolean> {
    return (await this.link.command((redis) => redis.del(this.keys.cache(key)))) === 1;
  }
}
