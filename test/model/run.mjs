/**
 * More histories than `npm test` runs, or one run again.
 *
 *   npm run test:model                                  2,000 on each engine, new ones every time
 *   npm run test:model -- --runs 20000 --engine redis   more, on one engine
 *   npm run test:model -- --length 150                  of up to so many commands each; 40 if not said
 *   npm run test:model -- --seed 12345                  what a failure has named
 *   npm run test:model -- --only cache --runs 50        of processes that share a cache, some 5 s each
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

const ENGINES = ['embedded', 'redis'];
const SUBJECTS = ['tasks', 'cache'];

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    length: { type: 'string', default: '40' },
    engine: { type: 'string' },
    only: { type: 'string', default: 'tasks' },
  },
});
// A history of the cache takes seconds, one of a queue milliseconds.
values.runs ??= values.only === 'cache' ? '20' : '2000';
for (const name of ['runs', 'seed', 'length']) {
  if (!/^-?\d+$/.test(values[name])) fail(`--${name} is ${values[name]}; expected a whole number`);
}
if (values.engine !== undefined && !ENGINES.includes(values.engine)) {
  fail(`--engine is ${values.engine}; expected ${ENGINES.join(' or ')}`);
}
if (!SUBJECTS.includes(values.only)) {
  fail(`--only is ${values.only}; expected ${SUBJECTS.join(' or ')}`);
}

console.log(`seed ${values.seed}`);
const jest = fileURLToPath(new URL('../run/jest.mjs', import.meta.url));
const [suite, chosen] =
  values.only === 'cache'
    ? ['test/processes/cache-consistency', { DEPOT_CACHE_RUNS: values.runs, DEPOT_CACHE_SEED: values.seed }]
    : [
        `test/model/task-model.${values.engine ?? ''}`,
        {
          DEPOT_MODEL_RUNS: values.runs,
          DEPOT_MODEL_SEED: values.seed,
          DEPOT_MODEL_LENGTH: values.length,
        },
      ];
const child = spawn(process.execPath, [jest, suite], {
  stdio: 'inherit',
  env: { ...process.env, ...chosen },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => (process.exitCode = code ?? 1));

function fail(message) {
  console.error(message);
  process.exit(1);
}
