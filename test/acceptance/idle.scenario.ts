import { setTimeout as pause } from 'node:timers/promises';
import { uniqueNamespace } from '../support/namespace.js';
import type { RedisServer } from '../support/redis-server.js';
import { AppProcess } from './app-process.js';
import type { ManyQueuesAppSettings } from './apps/many-queues.app.js';

export interface IdleReport {
  readonly queues: number;
  readonly windowMs: number;
  /** What Redis has executed for the process, what scripts call included. */
  readonly commands: Readonly<Record<string, number>>;
  readonly commandsInAll: number;
  readonly timersFired: number;
}

/** What a process with workers costs while there is nothing to do. The server has to be its own. */
export async function idle(
  redis: RedisServer | undefined,
  queues: number,
  windowMs: number,
): Promise<IdleReport> {
  const settings: ManyQueuesAppSettings = { redis: redis?.url, namespace: uniqueNamespace('idle'), queues };
  await using app = await AppProcess.start('many-queues', settings);
  await app.call('work');
  const commandsBefore = await commandsOf(redis);
  const timersBefore = await app.call<number>('timersFired');
  // The one thing that is to be seen is that nothing happens; there is no signal for that.
  await pause(windowMs);
  const timersFired = (await app.call<number>('timersFired')) - timersBefore;
  const commands = difference(commandsBefore, await commandsOf(redis));
  await app.stop();
  return {
    queues,
    windowMs,
    commands,
    commandsInAll: Object.values(commands).reduce((sum, calls) => sum + calls, 0),
    timersFired,
  };
}

type Calls = Readonly<Record<string, number>>;

async function commandsOf(redis: RedisServer | undefined): Promise<Calls> {
  if (!redis) return {};
  const stats = await redis.command('INFO commandstats');
  const calls = [...stats.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)].map(
    ([, name = '', count]) => [name, Number(count)] as const,
  );
  return Object.fromEntries(calls.filter(([name]) => name !== 'info')); // that was us
}

function difference(before: Calls, after: Calls): Calls {
  const grown = Object.entries(after).map(([name, calls]) => [name, calls - (before[name] ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, calls]) => calls > 0));
}
