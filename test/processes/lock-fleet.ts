import { startProxy } from '../support/proxy.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import type { Ways } from './cache-fleet.js';
import { LockLedger } from './lock-ledger.js';
import { LockNode } from './lock-node.js';

/** What was acknowledged is there after a crash. */
const KEEPS_ALL = ['--appendonly', 'yes', '--appendfsync', 'always'];

/** Processes with locks on one Redis of their own, each with ways to it that can be broken, and a resource outside of all. */
export class LockFleet {
  /** By seat: who dies is replaced by a new one. */
  readonly nodes: LockNode[] = [];
  private born = 0;

  private constructor(
    readonly redis: RedisServer,
    readonly ledger: LockLedger,
    readonly ways: readonly Ways[],
  ) {}

  static async start(processes: number): Promise<LockFleet> {
    const redis = await startRedis({ args: KEEPS_ALL });
    const open = async (): Promise<Ways> => ({
      link: await startProxy(redis),
      feed: await startProxy(redis),
    });
    const ways = await Promise.all(Array.from({ length: processes }, open));
    const fleet = new LockFleet(redis, await LockLedger.start(), ways);
    const nodes = await Promise.all(ways.map((_, seat) => fleet.bear(seat)));
    fleet.nodes.push(...nodes);
    return fleet;
  }

  /** Kills a process, and starts another one in its place. */
  async replace(seat: number): Promise<LockNode> {
    await this.nodes[seat]?.kill();
    return (this.nodes[seat] = await this.bear(seat));
  }

  waysOf(seat: number): Ways {
    const ways = this.ways[seat];
    if (!ways) throw new Error(`there is no seat ${seat}`);
    return ways;
  }

  /** Closes all applications; fails when a process does not end by itself then. */
  async stop(): Promise<void> {
    try {
      await Promise.all(this.nodes.map((node) => node.stop()));
    } finally {
      await Promise.all(this.nodes.map((node) => node.kill()));
      await Promise.all(this.ways.flatMap(({ link, feed }) => [link.close(), feed.close()]));
      await this.ledger[Symbol.asyncDispose]();
      await this.redis.stop();
    }
  }

  private bear(seat: number): Promise<LockNode> {
    const { link, feed } = this.waysOf(seat);
    const ports = { link: link.port, feed: feed.port };
    return LockNode.start({ who: this.born++, ports, ledger: this.ledger.port });
  }
}
