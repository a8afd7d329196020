import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';

export interface Commands {
  /** By clients. */
  readonly sent: number;
  /** These, and what scripts called. */
  readonly run: number;
}

/** Counts what a Redis does, of everybody, while `work` is under way. It slows that Redis down. */
export async function commandsOf(url: string, work: () => Promise<unknown>): Promise<Commands> {
  const redis = new Redis(url);
  const monitor = await redis.monitor();
  try {
    const commands = { sent: 0, run: 0 };
    const last = randomUUID();
    const ended = new AbortController();
    monitor.on('monitor', (_time: string, [name, argument]: string[], source: string) => {
      if (name?.toLowerCase() === 'echo' && argument === last) return ended.abort();
      commands.run++;
      if (source !== 'lua') commands.sent++;
    });
    const seen = once(ended.signal, 'abort');
    await work();
    await redis.echo(last);
    await seen;
    return commands;
  } finally {
    monitor.disconnect();
    redis.disconnect();
  }
}
