/**
 * `npm run bench:groups`: what it costs Redis' throughput that tasks belong to 100,000 groups which take turns. Full
 * queues are drained by one consumer in calls of 100, with and without groups in turn; medians and extremes.
 */
import { cpus } from 'node:os';
import { silentLogger } from '../../lib/common/logger.js';
import { RedisEngine } from '../../lib/engines/redis/redis-engine.js';
import type { NewTask, QueueBroker } from '../../lib/task/task.broker.js';
import { table } from '../../test/acceptance/figures.js';
import { startRedis } from '../../test/support/redis-server.js';

const TASKS = 200_000;
const GROUPS = 100_000;
const BATCH = 100;
const ROUNDS = 5;
const PAYLOAD = JSON.stringify({ to: 'ann@example.com', text: 'x'.repeat(66) });

await using server = await startRedis();
const added: Record<string, number[]> = { plain: [], groups: [] };
const drained: Record<string, number[]> = { plain: [], groups: [] };
console.log(`${cpus().length} cores, Node ${process.version}\n`);
for (let round = 0; round < ROUNDS; round++) {
  for (const kind of ['plain', 'groups']) {
    const engine = new RedisEngine(settings(`${kind}-${round}`), 'p1', silentLogger);
    await engine.open();
    const queue = engine.tasks.queue(queueSettings());
    added[kind]?.push(await perSecond(() => fill(queue, kind)));
    drained[kind]?.push(await perSecond(() => drain(queue)));
    await queue.obliterate();
    await engine.close();
  }
}
const rows = Object.entries({ add: added, drain: drained }).flatMap(([what, kinds]) =>
  Object.entries(kinds).map(([kind, rates]) => [`${what}, ${kind}`, show(rates)] as const),
);
console.log(table('Tasks a second: median (lowest to highest)', Object.fromEntries(rows)));

function settings(namespace: string): ConstructorParameters<typeof RedisEngine>[0] {
  return {
    redis: server.url,
    namespace,
    connectTimeoutMs: 5_000,
    commandTimeoutMs: 10_000,
    offlineWaitMs: 1_000,
  };
}

function queueSettings(): Parameters<RedisEngine['tasks']['queue']>[0] {
  const keep = { count: 1_000, ageMs: 3_600_000, bytes: undefined };
  return {
    name: 'bench',
    leaseMs: 4_000,
    idleLeaseMs: 300_000,
    maxCrashes: 3,
    keep: { completed: keep, dead: keep, cancelled: keep, expired: keep },
    limits: {},
  };
}

async function fill(queue: QueueBroker, kind: string): Promise<void> {
  for (let from = 0; from < TASKS; from += 500) {
    const tasks = Array.from({ length: 500 }, (_, at): NewTask => {
      const number = from + at;
      const task = {
        id: `id${String(number).padStart(14, '0')}`,
        envelope: `1welcome\nm8x2k1f0\n\n${PAYLOAD}`,
      };
      return kind === 'groups' ? { ...task, group: `g${number % GROUPS}` } : task;
    });
    await queue.add(tasks);
  }
}

async function drain(queue: QueueBroker): Promise<void> {
  const { consumer } = await queue.join();
  let ids: readonly string[] = [];
  for (let ended = 0; ended < TASKS; ended += ids.length) {
    const acks = ids.map((id) => ({ id, to: 'completed', outcome: 'm8x2k1f0\n', tries: 1 }) as const);
    const step = await queue.step(consumer, acks, BATCH);
    if (step === 'lost' || step.tasks.length === 0) throw new Error(`${ended} of ${TASKS} ended`);
    ids = step.tasks.map(({ id }) => id);
  }
}

async function perSecond(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return TASKS / ((performance.now() - begun) / 1_000);
}

function show(rates: readonly number[]): string {
  const sorted = rates.toSorted((a, b) => a - b);
  const at = (index: number): string => Math.round(sorted[index] ?? NaN).toLocaleString('en');
  return `${at(Math.floor(sorted.length / 2))} (${at(0)} to ${at(sorted.length - 1)})`;
}
