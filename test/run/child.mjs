/** Runs a command in a process group of its own, so that it ends with everything that it started. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import '../support/typescript.mjs';

const { killWhenOrphaned } = await import('../support/orphan-guard.ts');

const KILL_AFTER_MS = 5_000;
const LEFT_RUNNING_GRACE_MS = 1_000;
const POLL_MS = 50;

/** The process groups that are running. */
const groups = new Set();

/**
 * @param {string[]} command
 * @param {{ budgetMs: number }} options
 * @returns {Promise<{ output: string, fault?: string }>} its whole output, and what went wrong, if something did
 */
export async function run([program, ...args], { budgetMs }) {
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
  if (child.pid === undefined) return { output, fault: await exited };

  const group = child.pid;
  groups.add(group);
  const callOff = killWhenOrphaned(-group);
  const overrun = new AbortController();
  const timeOut = pause(budgetMs, undefined, { signal: overrun.signal }).then(
    () => end(group).then(() => `exceeded its budget of ${budgetMs / 1_000} s`),
    () => undefined,
  );
  let fault = await Promise.race([exited, timeOut]);
  overrun.abort();
  const left = await leftRunning(group);
  if (left.length > 0) {
    fault ??= `left running: ${left.join(', ')}`;
    await end(group);
  }
  groups.delete(group);
  callOff();
  return { output, fault };
}

/** Ends everything that is running. */
export async function endAll() {
  await Promise.all([...groups].map(end));
}

async function end(group) {
  signal(group, 'SIGTERM');
  const deadline = performance.now() + KILL_AFTER_MS;
  while (members(group).length > 0 && performance.now() < deadline) await pause(POLL_MS);
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
  let left = members(group);
  while (left.length > 0 && performance.now() < deadline) {
    await pause(POLL_MS);
    left = members(group);
  }
  return left;
}

/** The living processes of a group, as text. Zombies that nobody reaps are not alive. */
function members(group) {
  if (process.platform !== 'linux') return isThere(group) ? [`process group ${group}`] : [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        // "pid (name) state ppid pgrp …", and a name may hold spaces and brackets.
        const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (Number(pgrp) !== group || state === 'Z') return [];
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || stat];
      } catch {
        return []; // It ended meanwhile.
      }
    });
}

function isThere(group) {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
