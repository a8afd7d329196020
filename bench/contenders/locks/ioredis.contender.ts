import { Redis } from 'ioredis';
import type { Held, LockContender, Locks } from './lock.contender.js';

/**
 * The least that can be done: a token that lies in a list or is in somebody's hands. It dies with its holder, so it is no
 * lock; but whoever waits is pushed, in order, and nothing is handed over faster by Redis.
 */
export const contender: LockContender = { open: async (url) => new Tokens(url) };

class Tokens implements Locks {
  private readonly redis: Redis;
  /** Connections on which nobody waits just now. */
  private readonly idle: Redis[] = [];
  private readonly made: Redis[] = [];

  constructor(private readonly url: string) {
    this.redis = new Redis(url);
  }

  async acquire(key: string): Promise<Held> {
    const token = await this.redis.lpop(key);
    // The first one finds none, and makes it.
    if (token === null && (await this.redis.set(`${key}:made`, '1', 'NX')) === null) await this.pop(key);
    return { release: () => this.redis.rpush(key, 'token') };
  }

  async close(): Promise<void> {
    await Promise.all([this.redis, ...this.made].map((redis) => redis.quit()));
  }

  private async pop(key: string): Promise<void> {
    const connection = this.idle.pop() ?? this.connect();
    await connection.blpop(key, 0);
    this.idle.push(connection);
  }

  private connect(): Redis {
    const connection = new Redis(this.url);
    this.made.push(connection);
    return connection;
  }
}
