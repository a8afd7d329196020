/**
 * Runs every suite of the benchmark with tiny counts, so that it can't rot: there must be a figure for every contender and
 * metric, and a ratio to every other contender. What the figures are says nothing.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Suite } from '../../bench/harness/suite.js';
import { SUITES } from '../../bench/suites/index.js';

type Figures = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface Report {
  readonly suite: string;
  readonly cores: number;
  readonly results: Figures;
  readonly ratios: Figures;
}

const TYPESCRIPT = new URL('../support/typescript.mjs', import.meta.url).href;
const BENCH = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));

const lines = (await bench([...SUITES.map(({ name }) => name), '--short', '--json'])).trimEnd().split('\n');
assert.equal(lines.length, SUITES.length, 'one line for each suite');
SUITES.forEach((suite, at) => check(suite, JSON.parse(lines[at] ?? '') as Report));

function check({ name, contenders, metrics }: Suite, { suite, cores, results, ratios }: Report): void {
  assert.equal(suite, name);
  assert.equal(cores, cpus().length);
  assert.deepEqual(Object.keys(results), Object.keys(contenders), `the contenders of ${name}`);
  const [ours = '', ...others] = Object.keys(contenders);
  const has = (contender: string, metric: string): boolean =>
    !(metric in (contenders[contender]?.lacks ?? {}));
  for (const contender of [ours, ...others]) {
    for (const metric of Object.keys(metrics).filter((one) => has(contender, one))) {
      const value = results[contender]?.[metric];
      assert.ok(Number.isFinite(value), `${name}: '${metric}' of ${contender} is ${String(value)}`);
    }
  }
  for (const contender of others) {
    for (const [metric, better] of Object.entries(metrics)) {
      if (better === 'neither' || !has(contender, metric) || !has(ours, metric)) continue;
      // Nothing can be said of how many times as much something is as nothing.
      if (results[ours]?.[metric] === 0 || results[contender]?.[metric] === 0) continue;
      const ratio = ratios[contender]?.[metric];
      assert.ok(
        Number.isFinite(ratio),
        `${name}: the ratio of '${metric}' to ${contender} is ${String(ratio)}`,
      );
    }
  }
  console.log(`${name}: ${others.length + 1} contenders, ${Object.keys(metrics).length} metrics`);
}

async function bench(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ['--import', TYPESCRIPT, BENCH, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, `the benchmark ended with code ${code ?? 'none'}`);
  return output;
}
