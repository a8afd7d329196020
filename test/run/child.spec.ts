import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { isRunning } from '../support/processes.js';

const CHILD = new URL('./child.mjs', import.meta.url).href;

interface Result {
  readonly output: string;
  readonly fault?: string;
}

/** Runs a JavaScript program as a part is run, in a process of its own like the runner's. */
async function runPart(program: string, budgetMs: number): Promise<Result> {
  const runner = startRunner(program, budgetMs);
  let text = '';
  runner.stdout.on('data', (piece: Buffer) => (text += piece.toString()));
  await once(runner, 'close');
  return JSON.parse(text) as Result;
}

function startRunner(program: string, budgetMs: number) {
  const script = `const { run } = await import(${JSON.stringify(CHILD)});
    const command = [process.execPath, '--eval', ${JSON.stringify(program)}];
    console.log(JSON.stringify(await run(command, { budgetMs: ${budgetMs} })));`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** A program that starts another one which would outlive it by far. */
const STARTS_ANOTHER = `const child = require('node:child_process').spawn('sleep', ['60'], { stdio: 'ignore' });
  console.log(child.pid);`;

describe('a part of npm test', () => {
  it('passes with its output when it ends well', async () => {
    expect(await runPart(`console.log('fine')`, 10_000)).toEqual({ output: 'fine\n' });
  });

  it('fails with all of its output', async () => {
    const { output, fault } = await runPart(
      `console.log('to stdout'); console.error('to stderr'); process.exitCode = 3`,
      10_000,
    );
    expect(fault).toBe('ended with code 3');
    expect(output.split('\n').sort()).toEqual(['', 'to stderr', 'to stdout']);
  });

  it('fails and is ended, with what it started, when its time is up', async () => {
    const { output, fault } = await runPart(`${STARTS_ANOTHER}; setInterval(() => {}, 1000)`, 500);
    expect(fault).toBe('exceeded its budget of 0.5 s');
    expect(isRunning(Number(output))).toBe(false);
  });

  it('fails when it leaves something running, and that is ended', async () => {
    const { output, fault } = await runPart(`${STARTS_ANOTHER}; child.unref()`, 10_000);
    expect(fault).toMatch(/left running: sleep 60|left running: process group/);
    expect(isRunning(Number(output))).toBe(false);
  });

  it('ends when the runner is killed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'depot-part-'));
    const pidFile = join(directory, 'pid');
    const writesPid = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid))`;
    const runner = startRunner(`${writesPid}; setInterval(() => {}, 1000)`, 60_000);
    const part = await eventually(() => {
      const pid = Number(readFileSync(pidFile, 'utf8'));
      expect(isRunning(pid)).toBe(true);
      return pid;
    });
    runner.kill('SIGKILL');
    await eventually(() => expect(isRunning(part)).toBe(false));
    rmSync(directory, { recursive: true });
  });
});
