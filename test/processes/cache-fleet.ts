import { startProxy, type TcpProxy } from '../support/proxy.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { CacheNode } from './cache-node.js';

/** Processes with caches on one Redis of their own, each with a way to it that can be broken. */
export class CacheFleet {
  private constructor(
    readonly redis: RedisServer,
    readonly ways: readonly TcpProxy[],
    readonly nodes: readonly CacheNode[],
  ) {}

  static async start(processes: number): Promise<CacheFleet> {
    const redis = await startRedis();
    const ways = await Promise.all(Array.from({ length: processes }, () => startProxy(redis)));
    const nodes = await Promise.all(
      ways.map(({ port }, who) => CacheNode.start({ who, port, direct: redis.url })),
    );
    return new CacheFleet(redis, ways, nodes);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await Promise.all(this.ways.map((way) => way.close()));
    await this.redis.stop();
  }
}
