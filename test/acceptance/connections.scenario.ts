import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import type { RedisServer } from '../support/redis-server.js';
import { AppProcess } from './app-process.js';
import type { ManyQueuesAppSettings } from './apps/many-queues.app.js';

export interface ConnectionsReport {
  readonly queues: number;
  readonly idle: number;
  /** While a task of each queue is running and its result is awaited. */
  readonly awaitingResults: number;
}

/** How many connections one process holds. The server has to be its own. */
export async function connections(redis: RedisServer, queues: number): Promise<ConnectionsReport> {
  const settings: ManyQueuesAppSettings = {
    redis: redis.url,
    namespace: uniqueNamespace('connections'),
    queues,
  };
  await using app = await AppProcess.start('many-queues', settings);
  await app.call('work');
  const idle = await connected(redis);
  await app.call('hold');
  await eventually(async () => assert.equal(await app.call('held'), queues));
  const awaitingResults = await connected(redis);
  await app.call('release');
  await app.stop();
  return { queues, idle, awaitingResults };
}

async function connected(redis: RedisServer): Promise<number> {
  const clients = (await redis.command('CLIENT LIST')).trimEnd().split('\n');
  return clients.filter((client) => !client.includes('cmd=client')).length; // that was us
}
