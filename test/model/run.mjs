/**
 * More histories than `npm test` runs, or one run again.
 *
 *   npm run test:model                                  2,000 on each engine, new ones every time
 *   npm run test:model -- --runs 20000 --engine redis   more, on one engine
 *   npm run test:model -- --length 150                  of up to so many commands each; 40 if not said
 *   npm run test:model -- --seed 12345                  what a failure has named
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

const ENGINES = ['embedded', 'redis'];

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    length: { type: 'string', default: '40' },
    engine: { type: 'string' },
  },
});
for (const name of ['runs', 'seed', 'length']) {
  if (!/^-?\d+$/.test(values[name])) fail(`--${name} is ${values[name]}; expected a whole number`);
}
if (values.engine !== undefined && !ENGINES.includes(values.engine)) {
  fail(`--engine is ${values.engine}; expected ${ENGINES.join(' or ')}`);
}

console.log(`seed ${values.seed}`);
const jest = fileURLToPath(new URL('../run/jest.mjs', import.meta.url));
const child = spawn(process.execPath, [jest, `test/model/task-model.${values.engine ?? ''}`], {
  stdio: 'inherit',
  env: {
    ...process.env,
    DEPOT_MODEL_RUNS: values.runs,
    DEPOT_MODEL_SEED: values.seed,
    DEPOT_MODEL_LENGTH: values.length,
  },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => (process.exitCode = code ?? 1));

function fail(message) {
  console.error(message);
  process.exit(1);
}
