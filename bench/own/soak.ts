/**
 * `npm run bench:soak`: runs for ten minutes at half of the top rate and ends with code 1 when memory, of Node or Redis,
 * at the end differs by more than 5 % from what it was after a fifth of the time, or when a task was lost or doubled.
 *
 *   npm run bench:soak                              ten minutes on Redis: a producer, a worker
 *   npm run bench:soak -- --engine embedded         one process
 *   npm run bench:soak -- --minutes 2               shorter
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startRedis, type RedisServer } from '../../test/support/redis-server.js';
import { BenchProcess } from '../harness/bench-process.js';
import { Memory, type Measured } from './soak.memory.js';
import type { SoakCounts } from './soak.role.js';

type SoakProcess = BenchProcess<typeof import('./soak.role.js')>;

const ROLE = new URL('./soak.role.ts', import.meta.url);
const FLOOD_MS = 5_000;
const WARM_UP_MS = 2_000;
const LINE_EVERY_MS = 30_000;
const DRAINED_WITHIN_MS = 30_000;
/** When memory is looked at for the first time. */
const SETTLED = 0.2;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    engine: { type: 'string', default: 'redis' },
  },
});
const lastsMs = Number(values.minutes) * 60_000;
if (!(lastsMs > 0)) throw new Error(`--minutes is ${values.minutes}; it takes a number above 0`);
if (!['redis', 'embedded'].includes(values.engine)) {
  throw new Error(`--engine is ${values.engine}; it takes redis or embedded`);
}

if (values.engine === 'embedded') {
  await using process = await start();
  await process.call('open', undefined, true);
  await soak(process, process, undefined);
} else {
  await using redis = await startRedis();
  await using producer = await start();
  await using worker = await start();
  await producer.call('open', redis.url, false);
  await worker.call('open', redis.url, true);
  await soak(producer, worker, redis);
}

function start(): Promise<SoakProcess> {
  return BenchProcess.start(ROLE, ['--expose-gc']);
}

async function soak(
  producer: SoakProcess,
  worker: SoakProcess,
  redis: RedisServer | undefined,
): Promise<void> {
  const memory = new Memory(producer === worker ? { process: producer } : { producer, worker }, redis);
  await flooded(producer, worker, WARM_UP_MS);
  const top = await flooded(producer, worker, FLOOD_MS);
  const pace = Math.floor(top / 2);
  console.log(`top rate ${shown(top)}/s; now ${shown(pace)}/s for ${values.minutes} minutes`);
  await producer.call('startAdding', pace);
  const begun = performance.now();
  let settled: Measured | undefined;
  let last: Measured = {};
  const every = Math.min(LINE_EVERY_MS, lastsMs / 10);
  let before = await worker.call('counts');
  for (let at = every; at <= lastsMs + 1; at += every) {
    await pause(begun + at - performance.now());
    // What is under way comes and goes; memory is what stays without it.
    await producer.call('stopAdding');
    await drained(producer);
    last = await memory.measure();
    await producer.call('startAdding', pace);
    const now = await worker.call('counts');
    const rate = (now.handled - before.handled) / (every / 1_000);
    before = now;
    console.log(`${(at / 60_000).toFixed(1).padStart(5)} min  ${shown(rate).padStart(8)}/s  ${line(last)}`);
    if (settled === undefined && at >= lastsMs * SETTLED - 1) settled = last;
  }
  await producer.call('stopAdding');
  const faults = [...memory.changed(settled ?? {}, last), ...(await unaccounted(producer, worker))];
  await Promise.all([...new Set([producer, worker])].map((process) => process.call('close')));
  console.log(
    faults.length === 0
      ? 'steady: nothing has changed by more than 5 %'
      : `not steady:\n  ${faults.join('\n  ')}`,
  );
  if (faults.length > 0) process.exitCode = 1;
}

/** Tasks a second from the first add to the end of the last, adding as fast as is possible. */
async function flooded(producer: SoakProcess, worker: SoakProcess, forMs: number): Promise<number> {
  const before = await worker.call('counts');
  const begun = performance.now();
  await producer.call('flood', forMs);
  const { added } = await producer.call('counts');
  while ((await worker.call('counts')).handled < added) await pause(5);
  const took = performance.now() - begun;
  return (added - before.handled) / (took / 1_000);
}

/** @returns how many tasks are left once nothing is, or for good */
async function drained(producer: SoakProcess): Promise<number> {
  const deadline = performance.now() + DRAINED_WITHIN_MS;
  for (;;) {
    const left = await producer.call('left');
    if (left === 0 || performance.now() > deadline) return left;
    await pause(10);
  }
}

async function unaccounted(producer: SoakProcess, worker: SoakProcess): Promise<string[]> {
  const left = await drained(producer);
  const { added, addedSum }: SoakCounts = await producer.call('counts');
  const { handled, handledSum } = await worker.call('counts');
  console.log(`${shown(added)} tasks added, ${shown(handled)} run, ${left} left`);
  if (left === 0 && added === handled && addedSum === handledSum) return [];
  return [`${added} tasks were added, ${handled} run and ${left} are left; or others than those`];
}

function line(measured: Measured): string {
  return Object.entries(measured)
    .map(([name, bytes]) => `${name} ${(bytes / 1_048_576).toFixed(2)} MiB`)
    .join('  ');
}

function shown(value: number): string {
  return Math.round(value).toLocaleString('en');
}
