/**
 * `npm run bench:costs`: what a task costs Redis with each capability off and on: commands (those inside of scripts
 * counted), calls and bytes. Counts, not times: they do not depend on the machine.
 */
import { table } from '../../test/acceptance/figures.js';
import { silentLogger } from '../../lib/common/logger.js';
import { RedisEngine } from '../../lib/engines/redis/redis-engine.js';
import { startRedis } from '../../test/support/redis-server.js';
import { Redis } from 'ioredis';
import type { NewTask, QueueLimits } from '../../lib/task/task.broker.js';

const TASKS = 1_000;
const BATCH = 100;
const PAYLOAD = JSON.stringify({ to: 'ann@example.com', text: 'x'.repeat(66) });

interface Case {
  readonly limits?: QueueLimits;
  readonly traits?: (at: number) => Partial<NewTask>;
  readonly listens?: boolean;
}

const CASES: Record<string, Case> = {
  'nothing of it': {},
  priority: { traits: (at) => ({ priority: at % 10 }) },
  'weighted priority': {
    limits: { weights: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
    traits: (at) => ({ priority: at % 10 }),
  },
  group: { traits: (at) => ({ group: `g${at % 100}` }) },
  'group, limited': { limits: { group: { concurrency: 2 } }, traits: (at) => ({ group: `g${at % 100}` }) },
  unique: { traits: (at) => ({ unique: { key: `k${at}`, mode: 'reject' } }) },
  expiresIn: { traits: () => ({ expiresInMs: 60_000 }) },
  globalConcurrency: { limits: { concurrency: 200 } },
  rateLimit: { limits: { rate: { max: 1_000_000, perMs: 1_000 } } },
  backpressure: { limits: { backlog: 1_000_000 } },
  'a listener of completed': { listens: true },
};

await using server = await startRedis();
const redis = new Redis(server.url);
const SETTINGS = {
  redis: server.url,
  namespace: 'bench',
  connectTimeoutMs: 5_000,
  commandTimeoutMs: 5_000,
  offlineWaitMs: 1_000,
  leaseMs: 4_000,
};
const rows: Record<string, string> = {};
for (const [name, one] of Object.entries(CASES)) rows[name] = await cost(one);
console.log(
  table(
    'Redis, a task of 100 bytes payload: bytes waiting | commands add | commands run | calls (add, run)',
    rows,
  ),
);
redis.disconnect();

async function cost({ limits = {}, traits = () => ({}), listens = false }: Case): Promise<string> {
  await redis.flushall();
  const engine = new RedisEngine(SETTINGS, 'p1', silentLogger);
  await engine.open();
  const keep = { count: 100, ageMs: 3_600_000, bytes: undefined };
  const queue = engine.tasks.queue({
    name: 'costs',
    leaseMs: SETTINGS.leaseMs,
    idleLeaseMs: 300_000,
    maxCrashes: 3,
    keep: { completed: keep, dead: keep, cancelled: keep, expired: keep },
    limits,
  });
  await queue.counts();
  if (listens) await queue.subscribe(['completed'], []);
  const adding = await commands(async () => {
    for (let from = 0; from < TASKS; from += BATCH) await queue.add(tasks(from, traits));
  });
  const bytes = (await memory()) / TASKS;
  const { consumer } = await queue.join();
  let calls = 0;
  const running = await commands(async () => {
    for (let ended = 0, ids: readonly string[] = []; ended < TASKS;) {
      const acks = ids.map((id) => ({ id, to: 'completed', outcome: 'm8x2k1f0\n', tries: 1 }) as const);
      const step = await queue.step(consumer, acks, BATCH);
      if (step === 'lost') throw new Error('the consumer was lost');
      calls++;
      ended += acks.length;
      ids = step.tasks.map(({ id }) => id);
    }
  });
  await engine.close();
  const cells = [bytes.toFixed(0), (adding / TASKS).toFixed(2), (running / TASKS).toFixed(2)];
  return `${cells.join(' | ')} | ${TASKS / BATCH}, ${calls}`;
}

function tasks(from: number, traits: (at: number) => Partial<NewTask>): NewTask[] {
  return Array.from({ length: BATCH }, (_, at) => ({
    id: `id${String(from + at).padStart(12, '0')}`,
    envelope: `1welcome\nm8x2k1f0\n\n${PAYLOAD}`,
    ...traits(from + at),
  }));
}

/** Of everything that the queue has stored. */
async function memory(): Promise<number> {
  let bytes = 0;
  for (const key of await redis.keys('bench:{costs}:*')) {
    bytes += Number(await redis.memory('USAGE', key, 'SAMPLES', '0'));
  }
  return bytes;
}

async function commands(calls: () => Promise<unknown>): Promise<number> {
  await redis.config('RESETSTAT');
  await calls();
  const stats = await redis.info('commandstats');
  return [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)]
    .filter(([, name]) => !/^(config\|resetstat|info|blpop)$/.test(name ?? ''))
    .reduce((sum, [, , count]) => sum + Number(count), 0);
}
