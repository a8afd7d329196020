/**
 * `npm test`: runs every part of parts.mjs, prints a line for each and the whole output of one that fails.
 *
 *   npm test                          everything
 *   npm test -- --only jest           one part, or several separated by commas
 *   npm test -- --only jest -- lock   what follows goes to that part's command
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endAll, run } from './child.mjs';
import { stages } from './parts.mjs';

const JEST_REPORT = '.cache/jest.json';

process.chdir(fileURLToPath(new URL('../../', import.meta.url)));
mkdirSync('.cache', { recursive: true });
rmSync(JEST_REPORT, { force: true });

const plan = stages();
const parts = plan.flat(2);
const chosen = choose();
const results = new Map();
const startedAt = performance.now();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    console.log(`\n${signal}: ending what is running`);
    void endAll().then(() => process.exit(1));
  });
}

const { redisBinary } = await import('../support/redis-binary.ts');
// Before anything runs side by side: it may have to be installed.
redisBinary();

for (const lanes of plan) {
  await Promise.all(
    lanes.map(async (lane) => {
      for (const part of lane) if (chosen.names.has(part.name)) await perform(part);
    }),
  );
}
summarise();

function choose() {
  const { values, positionals } = parseArgs({
    options: { only: { type: 'string' } },
    allowPositionals: true,
  });
  const all = parts.map((part) => part.name);
  const names = values.only?.split(',') ?? all;
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`no part named ${unknown.join(', ')}; there are ${all.join(', ')}`);
    process.exit(1);
  }
  if (positionals.length > 0 && names.length !== 1) {
    console.error(`arguments (${positionals.join(' ')}) go to one part only: name it with --only`);
    process.exit(1);
  }
  return { names: new Set(names), args: positionals };
}

async function perform(part) {
  const failed = part.needs?.find((name) => results.get(name)?.fault !== undefined);
  const startedAt = performance.now();
  const { output, fault } =
    failed === undefined
      ? await run([...part.command, ...chosen.args], { budgetMs: part.budget * 1_000 })
      : { output: '', fault: `not run, because ${failed} failed` };
  const took = seconds(performance.now() - startedAt);
  results.set(part.name, { fault, took });
  console.log(line(part.name));
  if (fault !== undefined && output !== '') console.log(`\n${output.trimEnd()}\n`);
}

function line(name) {
  const { fault, took } = results.get(name);
  return `${fault === undefined ? 'ok  ' : 'FAIL'} ${name.padEnd(14)} ${took.padStart(7)}${fault === undefined ? '' : `  ${fault}`}`;
}

function summarise() {
  const names = parts.map((part) => part.name).filter((name) => results.has(name));
  const failed = names.filter((name) => results.get(name).fault !== undefined);
  console.log(`\n${names.map(line).join('\n')}`);
  console.log(
    `${failed.length === 0 ? 'all parts passed' : `failed: ${failed.join(', ')}`}, ${seconds(performance.now() - startedAt)} in all`,
  );
  if (failed.length > 0) process.exitCode = 1;
  if (chosen.names.has('jest')) console.log(jestTotals(failed.includes('jest')));
}

/** A test file that can't be loaded has no tests to count, and counts as one that failed. */
function jestTotals(jestFailed) {
  let totals = { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };
  try {
    totals = JSON.parse(readFileSync(JEST_REPORT, 'utf8'));
  } catch {
    // Jest ended before it could report.
  }
  const failed = totals.numFailedTests + totals.numRuntimeErrorTestSuites;
  return `${totals.numPassedTests} passed, ${jestFailed ? Math.max(1, failed) : failed} failed`;
}

function seconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}
