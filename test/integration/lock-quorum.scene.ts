import { systemClock } from '../../lib/common/clock.js';
import { RedisQuorum } from '../../lib/engines/redis/lock/redis-quorum.js';
import type { Lock } from '../../lib/lock/lock.js';
import { LockService } from '../../lib/lock/lock.service.js';
import { uniqueNamespace } from '../support/namespace.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** Longer than it takes to notice that a server is gone, and to go on without it. */
export const TTL_MS = 1_500;

const CONNECT_TIMEOUT_MS = 1_000;

/** Processes with locks over some Redis servers that know nothing of each other. */
export class LockQuorumScene {
  private readonly namespace = uniqueNamespace();
  private readonly closing: (() => Promise<void>)[] = [];

  private constructor(readonly servers: readonly RedisServer[]) {}

  static async start(count = 3): Promise<LockQuorumScene> {
    return new LockQuorumScene(await Promise.all(Array.from({ length: count }, () => startRedis())));
  }

  server(at: number): RedisServer {
    const server = this.servers[at];
    if (server) return server;
    throw new Error(`there is no server ${at}`);
  }

  /** As another process would have it. */
  async process(): Promise<LockService> {
    const logger = new RecordingLogger();
    const quorum = new RedisQuorum(
      { nodes: this.servers.map(({ url }) => url), drift: 0.01, timeoutMs: 500 },
      {
        namespace: this.namespace,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        clock: systemClock,
        logger,
      },
    );
    await quorum.open();
    const locks = new LockService(quorum.locks, { ttlMs: TTL_MS }, systemClock, logger);
    this.closing.push(async () => {
      await locks.stop();
      quorum.close();
    });
    return locks;
  }

  async processes(count: number): Promise<readonly LockService[]> {
    return Promise.all(Array.from({ length: count }, () => this.process()));
  }

  async close(): Promise<void> {
    await Promise.all(this.closing.map((close) => close()));
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

/** Is told of everybody who has a lock, and throws when one of them should not. */
export class Ledger {
  readonly tokens: number[] = [];
  private holder: Lock | undefined;

  enter(lock: Lock): void {
    // One that was lost may be here still, and knows it.
    if (this.holder?.held) throw new Error(`${lock.owner} has the lock beside ${this.holder.owner}`);
    const last = this.tokens.at(-1) ?? 0;
    if (lock.fencingToken <= last) throw new Error(`token ${lock.fencingToken} comes after ${last}`);
    this.tokens.push(lock.fencingToken);
    this.holder = lock;
  }

  leave(lock: Lock): void {
    if (this.holder === lock) this.holder = undefined;
  }
}
