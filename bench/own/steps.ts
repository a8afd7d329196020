/**
 * `npm run bench:steps`: what a task costs on Redis, step by step: the call that adds it and the call that acknowledges it
 * and claims the next, by how many tasks share a call. Time in Redis is what Redis itself says (`commandstats`), so it
 * holds on a busy machine, too; the rest of a script's time is Lua, and taking the call in and answering it.
 */
import { Redis } from 'ioredis';
import { silentLogger } from '../../lib/common/logger.js';
import { RedisEngine } from '../../lib/engines/redis/redis-engine.js';
import type { QueueBroker } from '../../lib/task/task.broker.js';
import { startRedis } from '../../test/support/redis-server.js';
import { payload, TASK_NAME } from '../payload.js';

const SHARED_BY = [
  [1, 10_000],
  [10, 50_000],
  [100, 200_000],
] as const;
const LEASE_MS = 4_000;
const AN_HOUR = { count: 1_000, ageMs: 3_600_000, bytes: undefined };

interface Cost {
  /** Of one task, in µs, by command; `script` is all of it. */
  readonly serverUs: ReadonlyMap<string, number>;
  readonly commands: number;
  readonly clientUs: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
}

await using server = await startRedis();
const redis = new Redis(server.url);
const engine = new RedisEngine(
  {
    redis: server.url,
    namespace: 'steps',
    connectTimeoutMs: 5_000,
    commandTimeoutMs: 5_000,
    offlineWaitMs: 1_000,
  },
  'p1',
  silentLogger,
);
await engine.open();
await costs(100, 20_000); // compiles everything
for (const [shared, tasks] of SHARED_BY) {
  const { adding, running } = await costs(shared, tasks);
  print(`Adding, ${shared} a call`, adding);
  print(`Acknowledging and claiming, ${shared} a call`, running);
}
await engine.close();
redis.disconnect();

async function costs(shared: number, tasks: number): Promise<{ adding: Cost; running: Cost }> {
  await redis.flushall();
  const queue = engine.tasks.queue({
    name: `by-${shared}-${tasks}`,
    leaseMs: LEASE_MS,
    idleLeaseMs: 300_000,
    maxCrashes: 3,
    keep: { completed: AN_HOUR, dead: AN_HOUR, cancelled: AN_HOUR, expired: AN_HOUR },
    limits: {},
  });
  await queue.counts();
  const adding = await costOf(tasks, () => addAll(queue, shared, tasks));
  const running = await costOf(tasks, () => runAll(queue, shared, tasks));
  return { adding, running };
}

async function addAll(queue: QueueBroker, shared: number, tasks: number): Promise<void> {
  for (let from = 0; from < tasks; from += shared) {
    await queue.add(
      Array.from({ length: shared }, (_, at) => ({
        id: `t${String(from + at).padStart(13, '0')}`,
        envelope: `1${TASK_NAME}\nm8x2k1f0\n\n${JSON.stringify(payload(from + at))}`,
      })),
    );
  }
}

async function runAll(queue: QueueBroker, shared: number, tasks: number): Promise<void> {
  const { consumer } = await queue.join();
  for (let ended = 0, ids: readonly string[] = []; ended < tasks;) {
    const acks = ids.map((id) => ({ id, to: 'completed', outcome: 'm8x2k1f0\n', tries: 1 }) as const);
    const step = await queue.step(consumer, acks, shared);
    if (step === 'lost') throw new Error('the consumer was lost');
    ended += acks.length;
    ids = step.tasks.map(({ id }) => id);
  }
  await queue.leave(consumer);
}

async function costOf(tasks: number, work: () => Promise<void>): Promise<Cost> {
  await redis.config('RESETSTAT');
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  const [commandStats, stats] = [await redis.info('commandstats'), await redis.info('stats')];
  const serverUs = new Map<string, number>();
  let commands = 0;
  for (const [, name = '', calls, us] of commandStats.matchAll(/cmdstat_([^:]+):calls=(\d+),usec=(\d+)/g)) {
    if (/^(config\|resetstat|info|blpop)$/.test(name)) continue;
    const script = name.startsWith('eval') ? 'script' : name;
    commands += Number(calls);
    serverUs.set(script, (serverUs.get(script) ?? 0) + Number(us) / tasks);
  }
  const bytes = (direction: string): number =>
    Number(new RegExp(`total_net_${direction}_bytes:(\\d+)`).exec(stats)?.[1]) / tasks;
  return {
    serverUs,
    commands: commands / tasks,
    clientUs: (user + system) / tasks,
    bytesOut: bytes('input'),
    bytesIn: bytes('output'),
  };
}

function print(title: string, { serverUs, commands, clientUs, bytesOut, bytesIn }: Cost): void {
  const script = serverUs.get('script') ?? 0;
  const inner = [...serverUs].filter(([name]) => name !== 'script').sort(([, a], [, b]) => b - a);
  const rest = script - inner.reduce((sum, [, us]) => sum + us, 0);
  const parts = [...inner.filter(([, us]) => us >= 0.01), ['Lua and the rest', rest] as const];
  console.log(`${title}: a task costs
  Redis    ${script.toFixed(2)} µs, ${commands.toFixed(2)} commands
           ${parts.map(([name, us]) => `${name} ${us.toFixed(2)}`).join(', ')}
  client   ${clientUs.toFixed(2)} µs of CPU, the benchmark's own included
  network  ${bytesOut.toFixed(0)} bytes there, ${bytesIn.toFixed(0)} back
`);
}
