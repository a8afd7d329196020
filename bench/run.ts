/**
 * `npm run bench -- <suite>`: this library beside its peers in one run, on a Redis of its own.
 *
 *   npm run bench                                   lists the suites
 *   npm run bench -- tasks latency                  two of them, one after the other
 *   npm run bench -- tasks --json                   one line of JSON a suite, the last ones on stdout
 *   npm run bench -- tasks --only depot,bullmq --rounds 5
 *   npm run bench -- tasks --short                  tiny counts, one round: does it still work?
 */
import { parse } from './harness/arguments.js';
import { reportForPeople, reportForPrograms } from './harness/report.js';
import { measure, UsageError } from './harness/rounds.js';
import { SuiteStage } from './harness/stage.js';
import { versions } from './harness/versions.js';
import { SUITES } from './suites/index.js';

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) console.error(error.message);
  else console.error(error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { suites, json, short, rounds, only } = parse(process.argv.slice(2), SUITES);
  if (suites.length === 0) {
    const width = Math.max(...SUITES.map(({ name }) => name.length));
    console.log(SUITES.map(({ name, about }) => `${name.padEnd(width)}  ${about}`).join('\n'));
    return;
  }
  if (!json) console.log(`${versions()}\n`);
  await using stage = new SuiteStage(short, undefined);
  const progress = (line: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
  };
  for (const suite of suites) {
    const results = await measure(suite, stage, { rounds, only, progress });
    progress('');
    console.log(json ? reportForPrograms(results) : `${reportForPeople(results)}\n`);
  }
}
