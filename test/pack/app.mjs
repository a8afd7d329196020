/** A small application that has the packed library installed. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute } from './execute.mjs';

const CACHE = fileURLToPath(new URL('../../.cache/pack/', import.meta.url));
const RUN_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 10_000;
/** A program that has printed everything and still runs is a server, and is asked to end. */
const LINGER_MS = 1_000;

/**
 * Installs an application's dependencies once for each lock file. Returns the directory with its node_modules.
 *
 * @param {string} name a directory beside this file
 */
export async function installedDependencies(name) {
  const template = fileURLToPath(new URL(`${name}/`, import.meta.url));
  const [manifest, lock] = await Promise.all(
    ['package.json', 'package-lock.json'].map((file) => readFile(join(template, file), 'utf8')),
  );
  const hash = createHash('sha256').update(manifest).update(lock).digest('hex').slice(0, 16);
  const cached = join(CACHE, hash);
  if (existsSync(cached)) return cached;

  // Appears under its name when it is complete, so that a run that is cut short leaves nothing half done.
  const building = `${cached}.${randomBytes(4).toString('hex')}`;
  await mkdir(building, { recursive: true });
  await writeFile(join(building, 'package.json'), manifest);
  await writeFile(join(building, 'package-lock.json'), lock);
  await execute('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: building,
  });
  await rename(building, cached).catch(async (error) => {
    await rm(building, { recursive: true, force: true });
    if (!existsSync(cached)) throw error;
  });
  return cached;
}

/** Lays an application out in `directory`, away from this repository, whose node_modules would hide what is missing. */
export async function layOut(name, directory, unpacked, files) {
  const template = fileURLToPath(new URL(`${name}/`, import.meta.url));
  await cp(await installedDependencies(name), directory, { recursive: true, verbatimSymlinks: true });
  await cp(join(template, 'tsconfig.json'), join(directory, 'tsconfig.json'));
  await cp(unpacked, join(directory, 'node_modules/nestjs-depot'), { recursive: true });
  for (const [path, text] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

/** Compiles an application with its own TypeScript. */
export async function compile(directory) {
  await execute(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: directory });
}

/**
 * Runs dist/main.js until it has printed the expected lines in their order and has ended, by itself or on SIGTERM.
 *
 * @param {Record<string, string>} env beside this process' own, without its REDIS_URL
 */
export async function runExpecting(directory, prints, env) {
  const { REDIS_URL: _, ...own } = process.env;
  const app = spawn(process.execPath, ['--enable-source-maps', 'dist/main.js'], {
    cwd: directory,
    env: { ...own, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let fault;
  const timers = [setTimeout(() => end(tooSlow()), RUN_TIMEOUT_MS)];
  const tooSlow = () => {
    const missing = missingFrom(output, prints);
    const what = missing === undefined ? 'end' : `print "${missing}" (in this order)`;
    return `did not ${what} within ${RUN_TIMEOUT_MS} ms`;
  };
  const end = (reason) => {
    fault ??= reason;
    app.kill('SIGKILL');
  };
  const linger = () => {
    if (missingFrom(output, prints) !== undefined || timers.length > 1) return;
    timers.push(
      setTimeout(() => app.kill('SIGTERM'), LINGER_MS),
      setTimeout(() => end(`did not end within ${END_TIMEOUT_MS} ms of SIGTERM`), LINGER_MS + END_TIMEOUT_MS),
    );
  };
  for (const stream of [app.stdout, app.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      linger();
    });
  }
  const [code, signal] = await new Promise((resolve) => app.once('close', (...how) => resolve(how)));
  timers.forEach(clearTimeout);

  const missing = missingFrom(output, prints);
  if (missing !== undefined) fault ??= `did not print "${missing}" (in this order)`;
  if (code !== 0 && signal !== 'SIGTERM') fault ??= `ended with ${signal ?? `code ${code}`}`;
  if (fault !== undefined) throw new Error(`the quick start ${fault}; it printed:\n${output}`);
}

/** The first of the lines that the output does not have after the ones before it. */
function missingFrom(output, prints) {
  const lines = output.split('\n');
  let from = 0;
  for (const expected of prints) {
    const at = lines.findIndex((line, index) => index >= from && line.includes(expected.trim()));
    if (at < 0) return expected;
    from = at + 1;
  }
  return undefined;
}
