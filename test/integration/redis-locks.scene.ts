import { expect } from '@jest/globals';
import { systemClock } from '../../lib/common/clock.js';
import { RedisEngine } from '../../lib/engines/redis/redis-engine.js';
import { LockService } from '../../lib/lock/lock.service.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** As another process would have it. */
export interface LockProcess {
  readonly locks: LockService;
  readonly logger: RecordingLogger;
  /** Its connections are gone, and nothing was said before. */
  readonly die: () => Promise<void>;
}

/** Processes with locks on a Redis of their own. */
export class RedisLockScene {
  readonly namespace = uniqueNamespace();
  private readonly closing: (() => Promise<void>)[] = [];

  private constructor(readonly server: RedisServer) {}

  static async start(): Promise<RedisLockScene> {
    return new RedisLockScene(await startRedis());
  }

  async process(name: string, redis = this.server.url): Promise<LockProcess> {
    const timings = { connectTimeoutMs: 5_000, commandTimeoutMs: 1_000, offlineWaitMs: 1_000 };
    const logger = new RecordingLogger();
    const engine = new RedisEngine({ redis, namespace: this.namespace, ...timings }, name, logger);
    await engine.open();
    const locks = new LockService(engine.locks, { ttlMs: 30_000 }, systemClock, logger);
    this.closing.push(async () => {
      await locks.stop();
      await engine.close();
    });
    return { locks, logger, die: () => engine.close() };
  }

  /** Everybody who should wait does. */
  async waiting(locks: LockService, waiters: number, key = 'k'): Promise<void> {
    await eventually(async () => expect(await locks.inspect(key)).toMatchObject({ waiters }));
  }

  /** How often each command was called meanwhile, those within scripts included, and those that only look left out. */
  async commands(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
    await this.server.command('CONFIG RESETSTAT');
    await work();
    const counts: Record<string, number> = {};
    for (const [, name = '', calls] of (await this.server.command('INFO commandstats')).matchAll(
      /^cmdstat_([^:]+):calls=(\d+)/gm,
    )) {
      if (!/^(config|info)/.test(name)) counts[name] = Number(calls);
    }
    return counts;
  }

  /** How many clients Redis has, the one that asks left out. */
  async connections(): Promise<number> {
    const [, clients] = /connected_clients:(\d+)/.exec(await this.server.command('INFO clients')) ?? [];
    return Number(clients) - 1;
  }

  /** How many of them listen to something. */
  async listeners(): Promise<number> {
    const list = await this.server.command('CLIENT LIST TYPE pubsub');
    return list.split('\n').filter(Boolean).length;
  }

  async close(): Promise<void> {
    for (const each of this.closing) await each();
    await this.server.stop();
  }
}

export const scriptsIn = ({ eval: whole = 0, evalsha = 0 }: Readonly<Record<string, number>>): number =>
  whole + evalsha;
