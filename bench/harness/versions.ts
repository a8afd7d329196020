import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { execFileSync } from 'node:child_process';
import { redisBinary } from '../../test/support/redis-binary.js';

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** What the figures are of. */
export function versions(): string {
  const redis = /v=([\d.]+)/.exec(execFileSync(redisBinary(), ['--version'], { encoding: 'utf8' }))?.[1];
  const peers = Object.keys(manifest('../package.json').dependencies ?? {});
  return [
    `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, Redis ${redis ?? 'unknown'}`,
    `nestjs-depot ${manifest('../../package.json').version}, ${peers.map((name) => `${name} ${installed(name)}`).join(', ')}`,
  ].join('\n');
}

function installed(name: string): string {
  for (const folder of ['../node_modules', '../../node_modules']) {
    try {
      return manifest(`${folder}/${name}/package.json`).version;
    } catch {
      // In the other one.
    }
  }
  return 'not installed';
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Manifest;
}
