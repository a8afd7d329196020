import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { Deferred } from '../../../test/support/deferred.js';
import { RedisMonitor } from '../../../test/support/redis-monitor.js';

export interface Commands {
  /** By clients. */
  readonly sent: number;
  /** These, and what scripts called. */
  readonly run: number;
}

/** Counts what a Redis does, of everybody, while `work` is under way. It slows that Redis down. */
export async function commandsOf(url: string, work: () => Promise<unknown>): Promise<Commands> {
  const redis = new Redis(url);
  const commands = { sent: 0, run: 0 };
  const last = randomUUID();
  const seen = new Deferred<void>();
  try {
    await redis.ping();
    using _ = await RedisMonitor.open(url, ([name, argument], source) => {
      if (name?.toLowerCase() === 'echo' && argument === last) {
        seen.resolve();
        return;
      }
      commands.run++;
      if (source !== 'lua') commands.sent++;
    });
    await work();
    await redis.echo(last);
    await seen.promise;
    return commands;
  } finally {
    redis.disconnect();
  }
}
