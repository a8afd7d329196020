import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import type { Stage } from './stage.js';
import type { Story } from './story.js';

const SERVERS = ['redis-server', 'valkey-server'];

/** Starts a Redis of the demo's own, which listens on this machine only. All that it is told can be read in its folder, until the demo ends. */
export async function startRedis(stage: Stage, command: string): Promise<string> {
  const port = await freePort();
  const dir = stage.redis;
  await mkdir(dir);
  const options = { port, bind: '127.0.0.1', dir, save: '', appendonly: 'yes', daemonize: 'no' };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = stage.start(command, command, args);
  await server.prints(/ready to accept connections/i, stage.signal);
  return `redis://127.0.0.1:${port}`;
}

/** The command that starts a Redis; installs one where that can be done without asking. */
export function redisCommand(story: Story): string {
  return findServer() ?? install(story);
}

function findServer(): string | undefined {
  return SERVERS.find((name) => spawnSync(name, ['--version']).status === 0);
}

function install(story: Story): string {
  const byHand = 'install redis-server (apt-get install redis-server, brew install redis) or valkey-server';
  if (process.getuid?.() !== 0) throw new Error(`there is no Redis on the PATH: ${byHand}`);
  story.tell('no Redis on the PATH, installing one ...');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]): boolean =>
    spawnSync('apt-get', args, { env, timeout: 300_000 }).status === 0;
  if (!apt('install', '-y', 'redis-server') && apt('update')) apt('install', '-y', 'redis-server');
  const found = findServer();
  if (found === undefined) throw new Error(`apt-get could not install Redis: ${byHand}`);
  return found;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
