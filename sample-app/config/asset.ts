import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the repository, found from wherever the compiled file lies in `dist`. */
function packageRoot(from: string): string {
  const manifest = join(from, 'package.json');
  if (existsSync(manifest)) {
    const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string };
    if (name === 'nestjs-depot') return from;
  }
  const parent = dirname(from);
  if (parent === from) throw new Error('no package.json of nestjs-depot above the sample app');
  return packageRoot(parent);
}

const ASSETS = join(packageRoot(import.meta.dirname), 'sample-app', 'assets');

/** Where a file of `sample-app/assets` is. */
export function asset(name: string): string {
  return join(ASSETS, name);
}
