/**
 * Packs the library, installs it into small applications as its users have them, and runs the README's quick start in
 * each, on the embedded engine and on Redis.
 *
 *   node test/pack/check.mjs             needs `npm run build`
 *   node test/pack/check.mjs --install   only installs the applications' dependencies into .cache
 */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import '../support/typescript.mjs';
import { compile, installedDependencies, layOut, runExpecting } from './app.mjs';
import { execute } from './execute.mjs';
import { quickStart } from './quick-start.mjs';
import { faultsOf, packAndUnpack } from './tarball.mjs';

const { startRedis } = await import('../support/redis-server.ts');

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const APPS = ['nest12-esm', 'nest11-cjs'];
/** Compiled and run inside each application. */
const PROGRAMS = {
  'testing-kit': 'the test kit compiles and runs, without jest',
  'keyv-store': 'the store for Keyv compiles and runs, without Keyv',
};
/** Run inside each application; they fail when it does not hold. */
const SCRIPTS = {
  'one-copy.mjs': 'import and require give one copy',
  'shutdown-order.mjs': 'handlers end before providers are destroyed, in any order of imports',
};

if (process.argv.includes('--install')) {
  for (const app of APPS) await installedDependencies(app);
} else {
  await check();
}

async function check() {
  const directory = await mkdtemp(join(tmpdir(), 'depot-pack-'));
  try {
    const unpacked = await packAndUnpack(ROOT, directory);
    const faults = await faultsOf(unpacked);
    if (faults.length > 0) throw new Error(faults.join('\n'));
    console.log('the package holds what it should, and imports only what it declares');

    const { files, prints } = quickStart(await readFile(join(ROOT, 'README.md'), 'utf8'));
    const results = await Promise.allSettled(
      APPS.map((app) => checkApp(app, join(directory, app), unpacked, files, prints)),
    );
    for (const [index, { reason }] of results.entries())
      if (reason) console.error(`${APPS[index]}: ${reason.stack}\n`);
    if (results.some(({ status }) => status === 'rejected')) process.exitCode = 1;
  } catch (error) {
    console.error(error.stack);
    process.exitCode = 1;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function programs() {
  return Promise.all(
    Object.keys(PROGRAMS).map(async (name) => [
      `src/${name}.ts`,
      await readFile(new URL(`${name}.ts`, import.meta.url), 'utf8'),
    ]),
  );
}

async function checkApp(app, directory, unpacked, files, prints) {
  const redis = await startRedis();
  try {
    await layOut(app, directory, unpacked, new Map([...files, ...(await programs())]));
    await compile(directory);
    console.log(`${app}: the quick start compiles`);

    for (const [program, holds] of Object.entries(PROGRAMS)) {
      await execute(process.execPath, [`dist/${program}.js`], { cwd: directory });
      console.log(`${app}: ${holds}`);
    }

    for (const [script, holds] of Object.entries(SCRIPTS)) {
      await cp(fileURLToPath(new URL(script, import.meta.url)), join(directory, script));
      await execute(process.execPath, [script], { cwd: directory });
      console.log(`${app}: ${holds}`);
    }

    await runExpecting(directory, prints, {});
    console.log(`${app}: the quick start runs on the embedded engine`);

    await runExpecting(directory, prints, { REDIS_URL: redis.url });
    if (!/cmdstat_eval/.test(await redis.command('INFO commandstats'))) {
      throw new Error('with REDIS_URL set, the quick start ran no script on that Redis');
    }
    console.log(`${app}: the quick start runs on Redis`);
  } finally {
    await redis.stop();
  }
}
