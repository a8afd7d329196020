import { setTimeout as pause } from 'node:timers/promises';
import { startRedis, type RedisServer } from '../../test/support/redis-server.js';
import { crewOf } from '../contenders/tasks/task.crew.js';
import { TASK_SETTINGS } from '../contenders/tasks/task.settings.js';
import type { Figures, Stage, Suite } from '../harness/suite.js';

const CONCURRENCY = 100;
const QUEUES = 10;
const OURS = /^(config|info|client|flushall)/;
const SHORT = { waiting: 2_000, drained: 1_000, settleMs: 500, idleMs: 2_000 };
const FULL = { waiting: 20_000, drained: 20_000, settleMs: 5_000, idleMs: 20_000 };

const BYTES = 'bytes of a waiting task';
const COMMANDS = 'commands to run a task';
const CONNECTIONS = 'connections, 10 queues and workers';
const IDLE = 'commands an idle second, 10 queues';
const NO_WORKER = { [CONNECTIONS]: 'a list is no queue', [IDLE]: 'a list is no queue' };
const SHARED = 'one connection is shared by all 10 queues and workers';

export const memory: Suite = {
  name: 'memory',
  about: 'what Redis holds and does: for a waiting task, while running at concurrency 100 and while idle',
  metrics: { [BYTES]: 'lower', [COMMANDS]: 'lower', [CONNECTIONS]: 'lower', [IDLE]: 'lower' },
  contenders: {
    depot: { settings: TASK_SETTINGS.depot },
    bullmq: { settings: `${TASK_SETTINGS.bullmq}; ${SHARED} as far as it can be` },
    'bee-queue': {
      settings: `${TASK_SETTINGS['bee-queue']}; a worker is its queue's producer; ${SHARED} as far as it can be`,
    },
    groupmq: { settings: `${TASK_SETTINGS.groupmq}; ${SHARED} as far as it can be` },
    ioredis: { settings: TASK_SETTINGS.ioredis, floor: true, lacks: NO_WORKER },
  },
  rounds: 1,
  parts: (stage) => {
    const workers = ['depot', 'bullmq', 'bee-queue', 'groupmq'];
    return [
      { name: BYTES, measure: (contender) => bytes(stage, contender) },
      { name: COMMANDS, measure: (contender) => commandsOfTask(stage, contender) },
      { name: IDLE, contenders: workers, measure: (contender) => idling(stage, contender) },
    ];
  },
};

/** On a server of its own: what others had would be reused. */
async function bytes(stage: Stage, contender: string): Promise<Figures> {
  const { waiting } = stage.short ? SHORT : FULL;
  await using redis = await startRedis();
  const crew = crewOf(stage, contender);
  const target = crew.target(redis.url);
  await crew.produce(target, 1, (producer) => producer.call('fill', 0, 1));
  const before = await used(redis);
  await crew.produce(target, waiting + 1, (producer) => producer.call('fill', 1, waiting));
  return { [BYTES]: ((await used(redis)) - before) / waiting };
}

async function commandsOfTask(stage: Stage, contender: string): Promise<Figures> {
  const { drained } = stage.short ? SHORT : FULL;
  const redis = await stage.redis();
  const crew = crewOf(stage, contender);
  let commands = 0;
  await crew.drain(crew.target(redis.url), {
    tasks: drained,
    concurrency: CONCURRENCY,
    around: {
      before: async () => void (await redis.command('CONFIG RESETSTAT')),
      after: async () => void (commands = await commandsIn(redis)),
    },
  });
  await redis.command('FLUSHALL');
  return { [COMMANDS]: commands / drained };
}

async function idling(stage: Stage, contender: string): Promise<Figures> {
  const { settleMs, idleMs } = stage.short ? SHORT : FULL;
  await using redis = await startRedis();
  const worker = await crewOf(stage, contender).worker();
  const queues = Array.from({ length: QUEUES }, (_, at) => `queue-${at}`);
  await worker.call('openMany', contender, redis.url, queues);
  await pause(settleMs);
  const clients = (await redis.command('CLIENT LIST')).trim().split('\n').length - 1;
  await redis.command('CONFIG RESETSTAT');
  await pause(idleMs);
  const commands = await commandsIn(redis);
  await worker.call('closeWorker');
  return { [CONNECTIONS]: clients, [IDLE]: commands / (idleMs / 1_000) };
}

async function used(redis: RedisServer): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.command('INFO memory'))?.[1]);
}

/** Since the last `CONFIG RESETSTAT`, those inside of scripts too. */
async function commandsIn(redis: RedisServer): Promise<number> {
  const stats = await redis.command('INFO commandstats');
  return [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)]
    .filter(([, name = '']) => !OURS.test(name))
    .reduce((sum, [, , calls]) => sum + Number(calls), 0);
}
