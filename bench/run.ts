/**
 * `npm run bench`: tasks a second on both engines, with a Redis of its own. First figures; a comparison with peers is to
 * come. Figures hold for the machine and the moment only: compare those of one run.
 */
import { cpus } from 'node:os';
import { table } from '../test/acceptance/figures.js';
import { startRedis } from '../test/support/redis-server.js';
import { addAndRunRate, addRate, runRate } from './throughput.js';

const ADDS = 50_000;
const RUNS: readonly (readonly [concurrency: number, processes: number])[] = [
  [1, 1],
  [10, 1],
  [100, 1],
  [100, 2],
];

await using redis = await startRedis();
console.log(`${cpus().length} cores, Node ${process.version}\n`);
for (const [engine, url] of [
  ['embedded', undefined],
  ['redis', redis.url],
] as const) {
  const rows: Record<string, number> = {
    'add, parallel': await addRate(url, ADDS, 'add'),
    'add, one by one': await addRate(url, 5_000, 'addOneByOne'),
  };
  for (const concurrency of [1, 10, 100]) {
    rows[`add and run, concurrency ${concurrency}`] = await addAndRunRate(url, 20_000, concurrency);
  }
  if (url !== undefined) {
    for (const [concurrency, processes] of RUNS) {
      const name = `run, concurrency ${concurrency}, ${processes} process${processes > 1 ? 'es' : ''}`;
      rows[name] = await runRate(url, concurrency === 1 ? 10_000 : 100_000, concurrency, processes);
    }
  }
  console.log(`${table(`Tasks a second, ${engine}`, rows)}\n`);
}
