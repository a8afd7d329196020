import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const APT_GET = '/usr/bin/apt-get';
const NAMES = ['redis-server', 'valkey-server'];

const HOW_TO_INSTALL = `The tests start their own Redis and found neither redis-server nor valkey-server on PATH. Install one:
  Debian, Ubuntu   sudo apt-get install redis-server
  Fedora           sudo dnf install valkey
  macOS            brew install redis
  Alpine           apk add redis
No service has to run: each run starts its own servers on free ports of 127.0.0.1 and ends them.`;

/** The path of redis-server or valkey-server; on Debian, as root, it is installed when there is none. */
export function redisBinary(): string {
  const found = onPath();
  if (found !== undefined) return found;
  if (!canInstall()) throw new Error(HOW_TO_INSTALL);
  install();
  const installed = onPath();
  if (installed === undefined)
    throw new Error(`apt-get installed redis-server, but it is not on PATH.\n${HOW_TO_INSTALL}`);
  return installed;
}

function onPath(): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return NAMES.flatMap((name) => directories.map((directory) => join(directory, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync(APT_GET);
}

function install(): void {
  process.stderr.write('redis-server is missing: installing it with apt-get\n');
  apt('update');
  apt('install', '-y', '--no-install-recommends', 'redis-server');
  // The package starts a service of its own, and none was there before.
  if (existsSync('/run/systemd/system'))
    spawnSync('systemctl', ['disable', '--now', 'redis-server'], { stdio: 'ignore' });
  else spawnSync('/etc/init.d/redis-server', ['stop'], { stdio: 'ignore' });
}

function apt(...args: string[]): void {
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120'];
  const { status, error, stdout, stderr } = spawnSync(APT_GET, [...options, ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 180_000,
  });
  if (status === 0) return;
  const why = error?.message ?? `${stdout}${stderr}`;
  throw new Error(`apt-get ${args.join(' ')} failed: ${why}\n${HOW_TO_INSTALL}`, { cause: error });
}
