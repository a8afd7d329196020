import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { isRunning } from './processes.js';
import { startRedis, type RedisServer, type RedisServerOptions } from './redis-server.js';
import { sharedRedisUrl } from './shared-redis.js';

const HELPER = new URL('./redis-server.ts', import.meta.url).href;
const LOADER = new URL('./typescript.mjs', import.meta.url).href;

describe('the Redis that tests start', () => {
  const started: RedisServer[] = [];
  const start = async (options: RedisServerOptions = {}): Promise<RedisServer> => {
    const redis = await startRedis(options);
    started.push(redis);
    return redis;
  };

  afterEach(async () => {
    await Promise.all(started.splice(0).map((redis) => redis.stop()));
  });

  it('answers on its port and on its socket', async () => {
    const redis = await start();
    expect(await redis.command('PING')).toBe('PONG');
    const socket = createConnection(redis.socket);
    await once(socket, 'connect');
    socket.destroy();
  });

  it('has a port of its own each time', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    await one.command('SET key one');
    expect(await other.command('EXISTS key')).toBe('0');
  });

  it('takes a password, a memory limit and further arguments', async () => {
    const redis = await start({ password: 'a:b/c', maxmemory: '20mb', args: ['--hz', '77'] });
    expect(redis.url).toContain(':a%3Ab%2Fc@');
    const info = await redis.command('INFO');
    expect(info).toContain('configured_hz:77');
    expect(info).toContain(`maxmemory:${20 * 1024 * 1024}`);
  });

  it('says what Redis said when it does not start', async () => {
    await expect(startRedis({ args: ['--no-such-option', 'x'] })).rejects.toThrow(/no-such-option/);
  });

  it('leaves neither process nor directory behind when stopped, even while paused', async () => {
    const redis = await start();
    const { pid } = redis;
    redis.pause();
    await redis.stop();
    await redis.stop();
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(dirname(redis.socket))).toBe(false);
  });

  it('does not answer while paused', async () => {
    const redis = await start();
    redis.pause();
    let answered = false;
    const reply = redis.command('PING').then((text) => {
      answered = true;
      return text;
    });
    await eventually(async () => expect(await stateOf(redis.pid)).toBe('T'));
    expect(answered).toBe(false);
    redis.resume();
    expect(await reply).toBe('PONG');
  });

  it('comes back empty on the same port when restarted', async () => {
    const redis = await start();
    await redis.command('SET key value');
    const before = redis.pid;
    await redis.restart();
    expect(redis.pid).not.toBe(before);
    expect(await redis.command('EXISTS key')).toBe('0');
  });

  it('ends with the process that started it, even one that is killed', async () => {
    const script = `const { startRedis } = await import(${JSON.stringify(HELPER)});
      const redis = await startRedis();
      console.log(JSON.stringify({ pid: redis.pid, socket: redis.socket }));`;
    const parent = spawn(process.execPath, ['--import', LOADER, '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const { pid, socket } = JSON.parse(line.toString()) as { pid: number; socket: string };
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await eventually(() => expect(isRunning(pid)).toBe(false));
    await eventually(() => expect(existsSync(dirname(socket))).toBe(false));
  });

  it('is shared by all test files unless they start their own', async () => {
    const { hostname, port } = new URL(sharedRedisUrl());
    const socket = createConnection({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    socket.destroy();
  });
});

/** The letter that `ps` shows: `T` is a paused process. */
async function stateOf(pid: number): Promise<string> {
  const ps = spawn('ps', ['-o', 'stat=', '-p', String(pid)]);
  const [text] = (await once(ps.stdout, 'data')) as [Buffer];
  return text.toString().trim().charAt(0);
}
