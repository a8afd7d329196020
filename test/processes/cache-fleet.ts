import { startProxy, type TcpProxy } from '../support/proxy.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { CacheNode } from './cache-node.js';

/** The two ways of a process to Redis. */
export interface Ways {
  /** For what it asks. */
  readonly link: TcpProxy;
  /** For what Redis tells by itself. */
  readonly feed: TcpProxy;
}

/** Processes with caches on one Redis of their own, each with ways to it that can be broken. */
export class CacheFleet {
  private constructor(
    readonly redis: RedisServer,
    readonly ways: readonly Ways[],
    readonly nodes: readonly CacheNode[],
  ) {}

  static async start(processes: number): Promise<CacheFleet> {
    const redis = await startRedis();
    const open = async (): Promise<Ways> => ({
      link: await startProxy(redis),
      feed: await startProxy(redis),
    });
    const ways = await Promise.all(Array.from({ length: processes }, open));
    const nodes = await Promise.all(
      ways.map(({ link, feed }, who) =>
        CacheNode.start({ who, ports: { link: link.port, feed: feed.port }, direct: redis.url }),
      ),
    );
    return new CacheFleet(redis, ways, nodes);
  }

  /** Closes all applications; fails when a process does not end by itself then. */
  async stop(): Promise<void> {
    try {
      await Promise.all(this.nodes.map((node) => node.stop()));
    } finally {
      await this.kill();
    }
  }

  /** Ends everything, whatever the processes do just now. */
  async kill(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await Promise.all(this.ways.flatMap(({ link, feed }) => [link.close(), feed.close()]));
    await this.redis.stop();
  }
}
