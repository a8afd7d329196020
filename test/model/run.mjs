/**
 * More histories than `npm test` runs, or one run again.
 *
 *   npm run test:model                                  2,000 on each engine, new ones every time
 *   npm run test:model -- --runs 20000 --engine redis   more, on one engine
 *   npm run test:model -- --length 150                  of up to so many commands each; 40 if not said
 *   npm run test:model -- --seed 12345                  what a failure has named
 *   npm run test:model -- --only cache --runs 50        of processes that share a cache, some 5 s each
 *   npm run test:model -- --only locks                  of locks: engines beside a model, and beside each other
 *   npm run test:model -- --only lock-fleet --runs 50   of processes that share locks, some 4 s each
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

const ENGINES = ['embedded', 'redis'];

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    length: { type: 'string', default: '40' },
    engine: { type: 'string' },
    only: { type: 'string', default: 'tasks' },
  },
});
/** What histories are of: how many, which suite they are, and how that is told. */
const SUBJECTS = {
  tasks: {
    runs: '2000',
    suite: () => `test/model/task-model.${values.engine ?? ''}`,
    chosen: ({ runs, seed, length }) => ({
      DEPOT_MODEL_RUNS: runs,
      DEPOT_MODEL_SEED: seed,
      DEPOT_MODEL_LENGTH: length,
    }),
  },
  locks: {
    runs: '2000',
    suite: () => (values.engine ? `test/model/lock-model.${values.engine}` : 'test/model/lock-'),
    chosen: ({ runs, seed, length }) => ({
      DEPOT_MODEL_RUNS: runs,
      DEPOT_MODEL_SEED: seed,
      DEPOT_MODEL_LENGTH: length,
    }),
  },
  // One of several processes takes seconds.
  cache: {
    runs: '20',
    suite: () => 'test/processes/cache-consistency',
    chosen: ({ runs, seed }) => ({ DEPOT_CACHE_RUNS: runs, DEPOT_CACHE_SEED: seed }),
  },
  'lock-fleet': {
    runs: '20',
    suite: () => 'test/processes/lock-consistency',
    chosen: ({ runs, seed }) => ({ DEPOT_LOCK_RUNS: runs, DEPOT_LOCK_SEED: seed }),
  },
};
const subject = SUBJECTS[values.only];
if (!subject) fail(`--only is ${values.only}; expected ${Object.keys(SUBJECTS).join(' or ')}`);
values.runs ??= subject.runs;
for (const name of ['runs', 'seed', 'length']) {
  if (!/^-?\d+$/.test(values[name])) fail(`--${name} is ${values[name]}; expected a whole number`);
}
if (values.engine !== undefined && !ENGINES.includes(values.engine)) {
  fail(`--engine is ${values.engine}; expected ${ENGINES.join(' or ')}`);
}

console.log(`seed ${values.seed}`);
const jest = fileURLToPath(new URL('../run/jest.mjs', import.meta.url));
const child = spawn(process.execPath, [jest, subject.suite()], {
  stdio: 'inherit',
  env: { ...process.env, ...subject.chosen(values) },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => (process.exitCode = code ?? 1));

function fail(message) {
  console.error(message);
  process.exit(1);
}
