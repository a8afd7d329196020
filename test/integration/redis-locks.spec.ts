import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../lib/common/clock.js';
import { EngineUnavailableError } from '../../lib/common/errors.js';
import { silentLogger } from '../../lib/common/logger.js';
import { RedisEngine } from '../../lib/engines/redis/redis-engine.js';
import { LockLostError, LockTimeoutError } from '../../lib/lock/lock.errors.js';
import { LockService } from '../../lib/lock/lock.service.js';
import { Deferred } from '../support/deferred.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

describe('LockService on Redis', () => {
  let server: RedisServer;
  let namespace: string;
  let close: (() => Promise<void>)[];

  beforeEach(async () => {
    server = await startRedis();
    namespace = uniqueNamespace();
    close = [];
  });

  afterEach(async () => {
    for (const each of close) await each();
    await server.stop();
  });

  /** As another process would have it. */
  const open = async (name: string): Promise<{ locks: LockService; die: () => Promise<void> }> => {
    const settings = {
      redis: server.url,
      namespace,
      connectTimeoutMs: 5_000,
      commandTimeoutMs: 1_000,
      offlineWaitMs: 100,
    };
    const engine = new RedisEngine(settings, name, silentLogger);
    await engine.open();
    const locks = new LockService(engine.locks, { ttlMs: 30_000 }, systemClock, silentLogger);
    close.push(async () => {
      await locks.stop();
      await engine.close();
    });
    return { locks, die: () => engine.close() };
  };

  /** How often each command was called, those within scripts included. */
  const calls = async (): Promise<Map<string, number>> => {
    const stats = await server.command('INFO commandstats');
    return new Map(
      [...stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name = '', n]) => [name, Number(n)]),
    );
  };

  test('lets one in at a time, over two processes, with at most four calls for each', async () => {
    const [one, two] = [await open('one'), await open('two')];
    let inside = 0;
    let most = 0;
    const tokens: number[] = [];
    await server.command('CONFIG RESETSTAT');
    await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        await using lock = await (n % 2 ? one : two).locks.acquire('k', { wait: '20s' });
        most = Math.max(most, ++inside);
        tokens.push(lock.fencingToken);
        await new Promise(setImmediate);
        inside--;
      }),
    );
    const scripts = await calls();

    expect(most).toBe(1);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect(new Set(tokens).size).toBe(200);
    expect((scripts.get('evalsha') ?? 0) + (scripts.get('eval') ?? 0)).toBeLessThanOrEqual(4 * 200);
  });

  test('asks nothing while it waits', async () => {
    const [one, two] = [await open('one'), await open('two')];
    const lock = await one.locks.acquire('k', { renew: false });
    const waiting = Array.from({ length: 20 }, () => two.locks.run('k', { wait: '20s' }, () => 'done'));
    await eventually(async () => expect((await calls()).get('zadd')).toBe(20));
    await server.command('CONFIG RESETSTAT');
    // Every command that Redis serves from here on is the look at its own statistics.
    for (let n = 0; n < 20; n++) await calls();
    expect([...(await calls()).keys()].filter((name) => !/^(info|config.*)$/.test(name))).toEqual([]);
    await lock.release();

    expect(await Promise.all(waiting)).toHaveLength(20);
  });

  test('needs no second connection until somebody waits', async () => {
    const { locks } = await open('one');
    const connections = async (): Promise<number> =>
      Number(/connected_clients:(\d+)/.exec(await server.command('INFO clients'))?.[1]);
    const before = await connections();
    await locks.run('k', {}, () => 'done');
    expect(await connections()).toBe(before);
    await locks.run('k', {}, () =>
      expect(locks.acquire('k', { wait: 50 })).rejects.toThrow(LockTimeoutError),
    );

    expect(await connections()).toBe(before + 1);
  });

  test('takes over from a process that died', async () => {
    const [one, two] = [await open('one'), await open('two')];
    await one.locks.acquire('k', { ttl: 400 });
    const waiting = two.locks.acquire('k', { wait: '10s' });
    await one.die();

    expect((await waiting).held).toBe(true);
  });

  test('loses a lock that Redis forgot, and grants it to one who waits', async () => {
    const [one, two] = [await open('one'), await open('two')];
    const lock = await one.locks.acquire('k', { ttl: 900 });
    const waiting = two.locks.acquire('k', { wait: '10s' });
    const lost = new Deferred<unknown>();
    lock.signal.addEventListener('abort', () => lost.resolve(lock.signal.reason));
    await eventually(async () => expect((await calls()).get('zadd')).toBe(1));
    await server.restart();
    const next = await waiting;

    expect(await lost.promise).toBeInstanceOf(LockLostError);
    expect(next.fencingToken).toBeGreaterThan(lock.fencingToken);
  });

  test('says at once that Redis is away, and works when it is back', async () => {
    const { locks } = await open('one');
    await server.kill();
    const began = performance.now();
    await expect(locks.acquire('k')).rejects.toThrow(EngineUnavailableError);
    await expect(locks.tryAcquire('k')).rejects.toThrow(EngineUnavailableError);
    expect(performance.now() - began).toBeLessThan(1_000);
    await server.start();

    await eventually(async () => expect(await locks.run('k', {}, () => 'done')).toBe('done'));
  });

  test('gives up waiting in time although Redis is away', async () => {
    const [one, two] = [await open('one'), await open('two')];
    await one.locks.acquire('k');
    const waiting = two.locks.acquire('k', { wait: 1_500 });
    await eventually(async () => expect((await calls()).get('zadd')).toBe(1));
    await server.kill();

    await expect(waiting).rejects.toThrow(LockTimeoutError);
  });

  test('gives up waiting in time although Redis hangs', async () => {
    const [one, two] = [await open('one'), await open('two')];
    await one.locks.acquire('k', { ttl: 200, renew: false });
    const waiting = two.locks.acquire('k', { wait: 600 });
    await eventually(async () => expect((await calls()).get('zadd')).toBe(1));
    server.pause();
    const began = performance.now();
    try {
      await expect(waiting).rejects.toThrow(LockTimeoutError);
      expect(performance.now() - began).toBeLessThan(1_000);
    } finally {
      server.resume();
    }
  });
});
