import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import {
  EngineUnavailableError,
  Processor,
  Task,
  type ConnectionOptions,
  type DepotOptions,
  type TaskHandle,
} from 'nestjs-depot';
import { appModule, closeApp, optionsFor, queueOf, signal, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { startProxy } from '../support/proxy.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startRedis } from '../support/redis-server.js';

const START_ONCE = fileURLToPath(new URL('./fixtures/start-once.ts', import.meta.url));
const TYPESCRIPT = new URL('../support/typescript.mjs', import.meta.url).href;
const PASSWORD = 'correct-horse';
const WRONG_PASSWORD = 'battery-staple';

const END_WITHIN_MS = 10_000;

interface Ended {
  readonly code: number | null;
  readonly error: { readonly name: string; readonly message: string; readonly cause: string };
  readonly output: string;
}

/** Starts an application in a process of its own, which has to end by itself. */
async function startOnce(options: DepotOptions): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', TYPESCRIPT, START_ONCE, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const tooLong = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(tooLong);
  if (code === null) throw new Error(`it did not end by itself: ${output}${errors}`);
  return { code, error: JSON.parse(output) as Ended['error'], output: output + errors };
}

const IMPATIENT: ConnectionOptions = { connectTimeout: '500ms' };

describe('a start without Redis', () => {
  const expectFailure = async (redis: string, message: RegExp): Promise<Ended> => {
    const ended = await startOnce({ redis, connection: IMPATIENT });
    expect(ended.error.name).toBe('EngineUnavailableError');
    expect(ended.error.message).toMatch(message);
    // Neither a rejection that nobody handled, nor a warning about a connection that nobody wants any more.
    expect(ended).toMatchObject({ code: 0, output: expect.not.stringContaining('rejection') });
    expect(ended.output).not.toContain(WRONG_PASSWORD);
    return ended;
  };

  it('says where nobody listens', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    await expectFailure(
      `redis://:${WRONG_PASSWORD}@127.0.0.1:${port}`,
      new RegExp(`^Can't reach Redis at 127.0.0.1:${port}: connect ECONNREFUSED`),
    );
  });

  it('says which host there is none of', async () => {
    await expectFailure(
      'redis://redis.invalid:6379',
      /^Can't reach Redis at redis.invalid:6379: getaddrinfo E/,
    );
  });

  it('says that what answers is not Redis', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await expectFailure(
        `redis://127.0.0.1:${port}`,
        new RegExp(`^Can't reach Redis at 127.0.0.1:${port}: .`),
      );
    } finally {
      server.close();
    }
  });

  it('ends, too, when Redis accepts and never answers', async () => {
    await using redis = await startRedis();
    redis.pause();
    await expectFailure(redis.url, new RegExp(`^Can't reach Redis at 127.0.0.1:${redis.port}`));
    redis.resume();
  });

  it('says that the password is wrong or missing, and never shows it', async () => {
    await using redis = await startRedis({ password: PASSWORD });
    await expectFailure(`redis://:${WRONG_PASSWORD}@127.0.0.1:${redis.port}`, /WRONGPASS|invalid.*password/i);
    const { output } = await expectFailure(`redis://127.0.0.1:${redis.port}`, /NOAUTH/);
    expect(output).not.toContain(PASSWORD);
  });

  it('says that there is no such database', async () => {
    await using redis = await startRedis();
    await expectFailure(
      `${redis.url}/99`,
      /^Can't reach Redis at .*, database 99: .*DB index is out of range/,
    );
  });
});

@Processor('work', { concurrency: 5 })
class WorkProcessor {
  readonly runs: unknown[] = [];
  readonly began = signal();
  readonly mayEnd = signal();

  @Task()
  async echo(payload: unknown): Promise<unknown> {
    this.runs.push(payload);
    return payload;
  }

  @Task()
  async held(payload: unknown): Promise<unknown> {
    this.runs.push(payload);
    this.began.give();
    await this.mayEnd.given;
    return payload;
  }
}

const PERSISTENT = { args: ['--appendonly', 'yes', '--appendfsync', 'always'] };

describe('a Redis that goes away', () => {
  const start = async (redis: string, connection: ConnectionOptions = {}, more: DepotOptions = {}) => {
    const logger = new RecordingLogger();
    const options = { ...optionsFor('embedded'), redis, connection, logger, ...more };
    const app = await startApp(appModule(options, ['work'], { providers: [WorkProcessor] }));
    return { app, logger, options, queue: queueOf(app, 'work'), work: app.get(WorkProcessor) };
  };

  it('and comes back on its port has lost nothing, and work goes on by itself', async () => {
    await using redis = await startRedis(PERSISTENT);
    const { queue, work } = await start(redis.url, { offlineWait: 0 }, { tasks: { lease: '1s' } });
    const held = await queue.add('held', 'held');
    const delayed = await queue.add('echo', 'delayed', { delay: '300ms' });
    const heldResult = held.result({ timeout: '15s' });
    await work.began.given;

    await redis.kill();
    const begun = performance.now();
    await expect(queue.add('echo', 'refused')).rejects.toThrow(EngineUnavailableError);
    await expect(queue.counts()).rejects.toThrow(EngineUnavailableError);
    expect(performance.now() - begun).toBeLessThan(1_000);
    work.mayEnd.give();
    await redis.start();

    expect(await heldResult).toBe('held');
    expect(await delayed.result({ timeout: '15s' })).toBe('delayed');
    const after = await eventually(() => queue.add('echo', 'after'), { within: 10_000 });
    expect(await after.result()).toBe('after');
    expect(work.runs.toSorted()).toEqual(['after', 'delayed', 'held']);
    expect(await queue.counts()).toEqual({
      waiting: 0,
      delayed: 0,
      active: 0,
      completed: 3,
      blocked: 0,
      dead: 0,
      cancelled: 0,
      expired: 0,
      parked: 0,
    });
  });

  it('lets adds wait for it, when they are told to, and takes each once', async () => {
    await using redis = await startRedis(PERSISTENT);
    const { queue, work } = await start(redis.url, { offlineWait: '10s' });
    const before = await queue.add('echo', 'before');
    await before.result();
    await redis.kill();
    const adds: Promise<TaskHandle>[] = Array.from({ length: 20 }, (_, i) => queue.add('echo', i));
    await redis.start();
    const results = await Promise.all(adds.map(async (add) => (await add).result({ timeout: '10s' })));
    expect(results).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(work.runs).toHaveLength(21);
  });

  it('many times in a row stops no loop', async () => {
    await using redis = await startRedis(PERSISTENT);
    const { queue, work } = await start(redis.url, { offlineWait: '10s' }, { tasks: { lease: '1s' } });
    const results: Promise<unknown>[] = [];
    for (let round = 0; round < 3; round++) {
      const handles = await Promise.all([1, 2, 3, 4, 5].map((i) => queue.add('echo', round * 10 + i)));
      results.push(...handles.map((handle) => handle.result({ timeout: '15s' })));
      await redis.restart();
    }
    await Promise.all(results);
    expect(new Set(work.runs).size).toBe(15);
  });

  it('between the call and its answer leaves each task added once', async () => {
    await using redis = await startRedis();
    await using proxy = await startProxy({ port: redis.port });
    const { queue, work } = await start(proxy.urlOf(redis.url), { offlineWait: '10s' });
    await (await queue.add('echo', 'before')).result();
    const lost = proxy.dropReplies('unlucky');
    const handle = await queue.add('echo', 'unlucky');
    await lost;
    expect(await handle.result({ timeout: '10s' })).toBe('unlucky');
    expect(work.runs).toEqual(['before', 'unlucky']);
  });

  it('without a word is given up after commandTimeout, and found again', async () => {
    await using redis = await startRedis();
    const { queue, logger } = await start(redis.url, { offlineWait: 0, commandTimeout: '300ms' });
    redis.pause();
    const begun = performance.now();
    await expect(queue.counts()).rejects.toThrow(EngineUnavailableError);
    expect(performance.now() - begun).toBeLessThan(3_000);
    redis.resume();
    const handle = await eventually(() => queue.add('echo', 'again'), { within: 10_000 });
    expect(await handle.result({ timeout: '10s' })).toBe('again');
    expect(logger.errors).toEqual([]);
  });

  it('does not keep the application from closing', async () => {
    await using redis = await startRedis();
    const { app, work, queue } = await start(redis.url, {}, { shutdownTimeout: '200ms' });
    await queue.add('held', 1);
    await work.began.given;
    await redis.kill();
    const begun = performance.now();
    await closeApp(app);
    expect(performance.now() - begun).toBeLessThan(3_000);
    await expect(queue.counts()).rejects.toThrow(/is closed/);
  });

  it('fails what still waits for it when the application closes', async () => {
    await using redis = await startRedis();
    const { app, queue } = await start(redis.url, { offlineWait: '4s' });
    await redis.kill();
    const add = queue.add('echo', 1);
    const failed = expect(add).rejects.toThrow(EngineUnavailableError);
    const begun = performance.now();
    await closeApp(app);
    await failed;
    expect(performance.now() - begun).toBeLessThan(3_000);
  });

  it('is reported in a sentence, and closing is not', async () => {
    await using redis = await startRedis();
    const { app, logger } = await start(redis.url);
    await redis.restart();
    await eventually(() =>
      expect(logger.warnings.join()).toContain('Lost the connection to Redis at 127.0.0.1'),
    );
    logger.warnings.length = 0;
    await eventually(() => queueOf(app, 'work').counts());
    await closeApp(app);
    expect(logger.warnings.filter((line) => line.includes('Lost the connection'))).toEqual([]);
    expect(logger.errors).toEqual([]);
  });
});
