/**
 * Applies the deliberate faults of faults.mjs one by one to a copy of the checkout, and runs the engines' suites there.
 * A fault that no test notices is a failure of the tests.
 *
 *   npm run test:faults                all of them
 *   npm run test:faults -- --short     a few
 *   npm run test:faults -- --only A7   those whose rule contains the text
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { faults, SHORT } from './faults.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COPIED = ['lib', 'test', 'package.json', 'tsconfig.json', 'jest.config.mjs'];
/** No fault may hang the run: a suite that takes so long has noticed. */
const TIME_LIMIT_MS = 60_000;

const { values } = parseArgs({ options: { short: { type: 'boolean' }, only: { type: 'string' } } });
const chosen = faults.filter(
  ({ rule }) => (!values.short || SHORT.includes(rule)) && (!values.only || rule.includes(values.only)),
);

const misfits = faults.filter(({ file, search }) => occurrences(file, search) !== 1);
for (const { rule, file, search } of misfits) {
  console.error(`'${rule}' can't be applied: ${occurrences(file, search)} places in ${file} have\n${search}`);
}
if (misfits.length > 0 || chosen.length === 0) process.exit(1);

const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const child of running) child.kill('SIGTERM');
    process.exit(1);
  });
}

const queue = [...chosen];
const survivors = [];
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
console.log(`${chosen.length - survivors.length} of ${chosen.length} faults were noticed`);
if (survivors.length > 0) process.exitCode = 1;

async function work() {
  for (let fault = queue.shift(); fault; fault = queue.shift()) {
    const startedAt = performance.now();
    const caught = await tryOut(fault);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.log(
      `${caught ? 'noticed ' : 'SURVIVED'} ${seconds.padStart(5)} s  ${fault.rule}\n${' '.repeat(18)}${caught ?? ''}`,
    );
    if (!caught) survivors.push(fault);
  }
}

/** Returns the name of the first test that fails. */
async function tryOut(fault) {
  const copy = mkdtempSync(join(tmpdir(), 'depot-fault-'));
  try {
    for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const file = join(copy, fault.file);
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(fault.search, () => fault.replace),
    );
    return await firstFailure(copy, suiteOf(fault));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function suiteOf({ file, suite }) {
  if (suite) return suite;
  if (file.includes('/embedded/')) return 'test/contract/task-broker.embedded.spec.ts';
  return `test/contract/task-broker.${file.endsWith('usual.lua.ts') ? 'redis' : 'redis-whole'}.spec.ts`;
}

function firstFailure(directory, suite) {
  const report = join(directory, 'report.json');
  const failFast = '--env=./test/faults/fail-fast.environment.mjs';
  const jest = ['test/run/jest.mjs', suite, failFast, '--runInBand', '--json', `--outputFile=${report}`];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, jest, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(child);
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
    const overrun = setTimeout(() => child.kill('SIGTERM'), TIME_LIMIT_MS);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(overrun);
      running.delete(child);
      if (code === 0) return resolve(undefined);
      if (signal) return resolve(`the suite did not end within ${TIME_LIMIT_MS / 1_000} s`);
      try {
        resolve(nameOfFailure(JSON.parse(readFileSync(report, 'utf8'))) ?? reject(new Error(errors)));
      } catch (error) {
        reject(new Error(`Jest did not report: ${errors}`, { cause: error }));
      }
    });
  });
}

/** A suite that can't even be loaded says nothing about the fault. */
function nameOfFailure({ testResults, numRuntimeErrorTestSuites }) {
  if (numRuntimeErrorTestSuites > 0) return undefined;
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed');
  const [first] = failed;
  return (
    first &&
    `${first.ancestorTitles.slice(1).concat(first.title).join(': ')}${failed.length > 1 ? ` (and ${failed.length - 1} more)` : ''}`
  );
}

function occurrences(file, search) {
  return readFileSync(join(ROOT, file), 'utf8').split(search).length - 1;
}
