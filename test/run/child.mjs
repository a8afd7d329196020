/** Runs a command in a process group of its own, so that it ends with everything that it started. */
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import '../support/typescript.mjs';

const { killWhenOrphaned } = await import('../support/orphan-guard.ts');
const { groupMembers } = await import('../support/processes.ts');

const KILL_AFTER_MS = 5_000;
const LEFT_RUNNING_GRACE_MS = 1_000;
const OUTPUT_GRACE_MS = 1_000;
const POLL_MS = 50;

/** The process groups that are running. */
const groups = new Set();
let ending = false;

/**
 * @param {string[]} command
 * @param {{ budgetMs: number }} options
 * @returns {Promise<{ output: string, fault?: string }>} its whole output, and what went wrong, if something did
 */
export async function run([program, ...args], { budgetMs }) {
  if (ending) return { output: '', fault: 'not run, because the run is ending' };
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exited = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) =>
      resolve(code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`),
    );
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  if (child.pid === undefined) return { output, fault: await exited };

  const group = child.pid;
  groups.add(group);
  const callOff = killWhenOrphaned(-group);
  let overrun;
  const timer = setTimeout(() => {
    overrun = `exceeded its budget of ${budgetMs / 1_000} s`;
    void end(group);
  }, budgetMs);
  const exit = await exited;
  clearTimeout(timer);
  let fault = overrun ?? exit;
  const left = await leftRunning(group);
  if (left.length > 0) {
    fault ??= `left running: ${left.join(', ')}`;
    await end(group);
  }
  // The last output may come after the exit; a process that left the group may hold the pipe for ever.
  await Promise.race([closed, pause(OUTPUT_GRACE_MS, undefined, { ref: false })]);
  groups.delete(group);
  callOff();
  return { output, fault };
}

/** Ends everything that is running, for good: nothing is run any more. */
export async function endAll() {
  ending = true;
  await Promise.all([...groups].map(end));
}

async function end(group) {
  signal(group, 'SIGTERM');
  const deadline = performance.now() + KILL_AFTER_MS;
  while (groupMembers(group).length > 0 && performance.now() < deadline) await pause(POLL_MS);
  signal(group, 'SIGKILL');
}

function signal(group, name) {
  try {
    process.kill(-group, name);
  } catch {
    // Nothing of it is left.
  }
}

async function leftRunning(group) {
  const deadline = performance.now() + LEFT_RUNNING_GRACE_MS;
  let left = groupMembers(group);
  while (left.length > 0 && performance.now() < deadline) {
    await pause(POLL_MS);
    left = groupMembers(group);
  }
  return left;
}
