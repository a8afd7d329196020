/**
 * `npm run bench -- <suite>`: this library beside its peers in one run, on a Redis of its own.
 *
 *   npm run bench                                   lists the suites
 *   npm run bench -- tasks latency                  two of them, one after the other
 *   npm run bench -- tasks --json                   one line of JSON a suite, the last ones on stdout
 *   npm run bench -- tasks --only depot,bullmq --rounds 5
 *   npm run bench -- tasks --short                  tiny counts, one round: does it still work?
 *   npm run bench -- tasks --profile                CPU profiles of ours, of the second of two rounds, into .cache/profiles
 */
import { fileURLToPath } from 'node:url';
import { parse } from './harness/arguments.js';
import { reportForPeople, reportForPrograms } from './harness/report.js';
import { Profiler } from './harness/profiler.js';
import { chosen, measure, UsageError } from './harness/rounds.js';
import { SuiteStage } from './harness/stage.js';
import { versions } from './harness/versions.js';
import { SUITES } from './suites/index.js';

const PROFILES = fileURLToPath(new URL('../.cache/profiles/', import.meta.url));

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) console.error(error.message);
  else console.error(error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { suites, json, short, profile, rounds, only } = parse(process.argv.slice(2), SUITES);
  if (suites.length === 0) {
    const width = Math.max(...SUITES.map(({ name }) => name.length));
    console.log(SUITES.map(({ name, about }) => `${name.padEnd(width)}  ${about}`).join('\n'));
    return;
  }
  // Before anything takes minutes.
  for (const suite of suites) chosen(suite, only);
  if (!json) console.log(`${versions()}\n`);
  const profiler = profile ? new Profiler(PROFILES) : undefined;
  await using stage = new SuiteStage(short, profiler);
  const progress = (line: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
  };
  for (const suite of suites) {
    const results = await measure(suite, stage, { rounds, only, progress, profiler });
    progress('');
    for (const line of profiler?.report() ?? []) console.log(`${line}\n`);
    console.log(json ? reportForPrograms(results) : `${reportForPeople(results)}\n`);
  }
}
