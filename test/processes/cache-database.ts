import { Redis } from 'ioredis';

/** Everything is gone, but for the database. */
const FLUSH = `local all = redis.call('HGETALL', KEYS[1])
redis.call('FLUSHALL')
if #all > 0 then redis.call('HSET', KEYS[1], unpack(all)) end
return 1`;

/** What is behind the cache: a version of each key, in a hash of the same Redis, by a connection that nobody cuts. */
export class Database implements AsyncDisposable {
  readonly redis: Redis;
  private readonly table: string;

  constructor(url: string, namespace: string) {
    this.redis = new Redis(url);
    this.table = `database:${namespace}`;
  }

  async read(id: string): Promise<number> {
    return Number(await this.redis.hget(this.table, id));
  }

  async readMany(ids: readonly string[]): Promise<readonly number[]> {
    return (await this.redis.hmget(this.table, ...ids)).map(Number);
  }

  /** Gives each of them a newer version, which it returns. */
  async write(ids: readonly string[]): Promise<readonly (readonly [id: string, version: number])[]> {
    return Promise.all(ids.map(async (id) => [id, await this.redis.hincrby(this.table, id, 1)] as const));
  }

  /** Empties Redis as FLUSHALL does, and keeps the versions. */
  async flushAll(): Promise<void> {
    await this.redis.eval(FLUSH, 1, this.table);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.redis.quit();
  }
}
