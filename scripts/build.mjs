/** Builds the library in both module formats and the sample application into dist/. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../', import.meta.url);
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');

await rm(new URL('dist', ROOT), { recursive: true, force: true });
await Promise.all([
  compile('lib/tsconfig.json').then(() => markAs('esm', 'module')),
  compile('lib/tsconfig.cjs.json').then(() => markAs('cjs', 'commonjs')),
]);
// The application is compiled against the library's declarations, as its users' are.
if (existsSync(new URL('sample-app/tsconfig.json', ROOT))) await compile('sample-app/tsconfig.json');

async function compile(project) {
  const tsc = spawn(process.execPath, [TSC, '-p', project], { cwd: fileURLToPath(ROOT), stdio: 'inherit' });
  const [code] = await once(tsc, 'exit');
  if (code !== 0) process.exit(1);
}

/** Both formats are `.js` files, so each directory says how Node is to read it. */
async function markAs(directory, type) {
  const target = new URL(`dist/lib/${directory}/`, ROOT);
  await mkdir(target, { recursive: true });
  await writeFile(new URL('package.json', target), `${JSON.stringify({ type })}\n`);
}
