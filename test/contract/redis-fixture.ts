import { once } from 'node:events';
import { Redis, type RedisOptions } from 'ioredis';
import { silentLogger } from '../../lib/common/logger.js';
import { RedisInbox } from '../../lib/engines/redis/redis-inbox.js';
import { RedisKeys } from '../../lib/engines/redis/redis-keys.js';
import { RedisLink } from '../../lib/engines/redis/redis-link.js';
import { uniqueNamespace } from '../support/namespace.js';
import { sharedRedisUrl } from '../support/shared-redis.js';

/** Connections to a Redis, as one process has them. */
export interface RedisProcess {
  readonly link: RedisLink;
  readonly inbox: RedisInbox;
}

/**
 * A namespace of its own on a Redis whose scripts take the time from a key, so that it stands still until a test moves
 * it. Keys that expire by Redis' own clock are moved along.
 */
export class RedisFixture {
  readonly namespace = uniqueNamespace();
  readonly keys = new RedisKeys(this.namespace);
  readonly redis: Redis;
  readonly clockKey = `${this.namespace}:clock`;
  private readonly opened: { readonly process: RedisProcess; readonly links: readonly RedisLink[] }[] = [];

  /** @param prelude Lua that scripts begin with, after the time */
  constructor(
    private readonly url = sharedRedisUrl(),
    private readonly prelude = '',
  ) {
    // What is looked at together travels together.
    this.redis = new Redis(url, { enableAutoPipelining: true });
  }

  async setClock(ms: number): Promise<void> {
    await this.redis.set(this.clockKey, ms);
  }

  async now(): Promise<number> {
    return Number(await this.redis.get(this.clockKey));
  }

  /** Sets the time that scripts see, as a clock is set that was wrong. */
  async jump(ms: number): Promise<void> {
    await this.redis.incrby(this.clockKey, ms);
  }

  /** Lets time pass for scripts and for keys that expire. */
  async advance(ms: number, except = (_key: string): boolean => false): Promise<void> {
    await this.jump(ms);
    const move = async (key: string): Promise<void> => {
      const left = await this.redis.pttl(key);
      if (left >= 0) await this.redis.pexpire(key, left - ms);
    };
    await Promise.all((await this.storedKeys()).filter((key) => !except(key)).map(move));
  }

  /** Every key under the namespace but the clock's. */
  async storedKeys(): Promise<string[]> {
    const keys = await this.redis.keys(`${this.namespace}:*`);
    return keys.filter((key) => key !== this.clockKey).sort();
  }

  /** Everything is lost, as when Redis starts again without its data; the clock goes on. */
  async forget(): Promise<void> {
    const keys = await this.storedKeys();
    // One by one: on a cluster they lie in different slots.
    await Promise.all(keys.map((key) => this.redis.del(key)));
  }

  readonly connect = (overrides: RedisOptions, url = this.url): Redis =>
    new Redis(url, { ...overrides, replyMapping: 'legacy' });

  async process(name: string): Promise<RedisProcess> {
    const settings = { connect: this.connect, connectTimeoutMs: 5_000, waitMs: 1_000 };
    const now = `local now = tonumber(redis.call('GET', '${this.clockKey}')) ${this.prelude}`;
    const link = new RedisLink({ ...settings, commandTimeoutMs: 5_000, now });
    const blocking = new RedisLink({ ...settings, commandTimeoutMs: 65_000 });
    const process = { link, inbox: new RedisInbox(blocking, this.keys.wake(name), silentLogger) };
    this.opened.push({ process, links: [link, blocking] });
    await link.open();
    return process;
  }

  async close(): Promise<void> {
    for (const { process, links } of this.opened) {
      const ended = links.filter(({ isReady }) => isReady).map(({ redis }) => once(redis, 'end'));
      process.inbox.stop();
      process.link.close();
      await Promise.all(ended);
    }
    await this.redis.del(this.clockKey);
    await this.forget();
    this.redis.disconnect();
  }
}
