import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheStore, NewEntry } from '../../lib/cache/cache.store.js';
import { EngineClosedError, EngineUnavailableError } from '../../lib/common/errors.js';
import { RedisEngine } from '../../lib/engines/redis/redis-engine.js';
import { eventually } from '../support/eventually.js';
import { uniqueNamespace } from '../support/namespace.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const TIMEOUT_MS = 60;
const COMMAND_TIMEOUT_MS = 4_000;
const MEMORY = { maxEntries: 100, maxBytes: 1_000_000, policy: 'lru', ttlMs: Infinity } as const;
const NEW = { freshMs: 60_000, graceMs: 60_000, tags: ['t'] };

let server: RedisServer;
let proxy: TcpProxy;
beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());

describe('caches whose Redis is away', () => {
  let engines: RedisEngine[];
  let namespace: string;
  let logger: RecordingLogger;
  /** Its way leads through the proxy. */
  let engine: RedisEngine;
  let store: CacheStore;
  /** In another process, whose way is free. */
  let other: CacheStore;

  const open = async (url: string, cacheTimeoutMs = TIMEOUT_MS): Promise<RedisEngine> => {
    const timings = { connectTimeoutMs: 2_000, commandTimeoutMs: COMMAND_TIMEOUT_MS, offlineWaitMs: 500 };
    const opened = new RedisEngine(
      { redis: url, namespace, ...timings, cacheTimeoutMs },
      `p${engines.length}`,
      logger,
    );
    engines.push(opened);
    await opened.open();
    return opened;
  };

  beforeEach(async () => {
    engines = [];
    namespace = uniqueNamespace();
    logger = new RecordingLogger();
    proxy = await startProxy({ port: server.port });
    engine = await open(proxy.urlOf(server.url));
    store = engine.cache.open('c', MEMORY);
    other = (await open(server.url)).cache.open('c', undefined);
  });

  afterEach(async () => {
    server.resume();
    proxy.restore();
    await Promise.all(engines.map((one) => one.close()));
    await proxy.close();
  });

  const written = (
    key: string,
    value: unknown,
    over: Partial<NewEntry> = {},
  ): NewEntry & { key: string } => ({
    key,
    text: JSON.stringify(value),
    ...NEW,
    ...over,
  });
  const value = async (from: CacheStore, key: string): Promise<unknown> =>
    (await from.read(key))?.value.copy();
  /** In memory. */
  const known = (key: string, expected: unknown): Promise<void> =>
    eventually(async () => {
      await store.read(key);
      expect(store.peek(key)?.value.copy()).toBe(expected);
    });
  const answersAgain = (): Promise<void> => eventually(async () => void (await store.read('any')));

  /** How long it took to say that Redis is away. */
  async function refusal(ask: () => Promise<unknown>): Promise<number> {
    const asked = performance.now();
    await expect(ask()).rejects.toBeInstanceOf(EngineUnavailableError);
    return performance.now() - asked;
  }

  const outages: [string, () => Promise<void> | void, () => Promise<void> | void][] = [
    ['hangs', () => server.pause(), () => server.resume()],
    ['swallows everything', () => proxy.blackhole(), () => proxy.restore()],
    ['refuses connections', () => proxy.refuse(), () => proxy.restore()],
  ];

  describe.each(outages)('and %s', (_how, begin, end) => {
    it('answer in time, then at once, and use it again when it is back', async () => {
      await store.write([written('k', 1)]);
      await begin();

      const first = await refusal(() => store.read('k'));
      const later = await Promise.all(Array.from({ length: 20 }, () => refusal(() => store.read('k'))));
      // Timers of a busy machine are late; without a breaker it would take COMMAND_TIMEOUT_MS.
      expect(first).toBeLessThan(COMMAND_TIMEOUT_MS / 2);
      expect(Math.min(...later)).toBeLessThan(TIMEOUT_MS / 2);

      await end();
      await answersAgain();
      expect(await value(store, 'k')).toBe(1);
      expect(logger.warnings.filter((line) => line.includes('caches go on without it'))).toHaveLength(1);
      expect(logger.logs.filter((line) => line.includes('caches use it'))).toHaveLength(1);
    });

    it('make every kind of call fail', async () => {
      const [granted] = await store.claim([
        { key: 'k', tags: [], lateTags: false, seen: undefined, waitedFor: undefined },
      ]);
      if (granted?.kind !== 'granted') throw new Error('not granted');
      await begin();

      const calls: (() => Promise<unknown>)[] = [
        () => store.read('k'),
        () => store.readMany(['k', 'l']),
        () => store.write([written('k', 1)]),
        () => store.delete(['k']),
        () => store.expire('k', 1),
        () => store.increment('n', 1, 1_000),
        () => store.deleteMatching('*'),
        () => store.invalidate(),
        () => store.invalidateTags(['t']),
        () => granted.lease.fill(written('k', 1)),
      ];
      await Promise.all(calls.map(refusal));
      await Promise.all(calls.map(refusal));
    });

    it('serve what they had in memory, and nothing of it when it is back', async () => {
      await store.write([written('k', 1), written('l', 2), written('m', 3)]);
      await known('m', 3);
      await known('k', 1);
      await known('l', 2);
      await begin();
      await refusal(() => store.read('something else'));

      expect(await value(store, 'k')).toBe(1);
      expect((await store.readMany(['k', 'l'])).map((one) => one?.value.copy())).toEqual([1, 2]);
      await refusal(() => store.write([written('l', 3)]));
      await refusal(() => store.read('l'));

      await end();
      await answersAgain();
      expect(store.peek('m')).toBeUndefined();
      await other.write([written('k', 9)]);
      await eventually(async () => expect(await value(store, 'k')).toBe(9));
      expect(store.size().entries).toBeLessThanOrEqual(1);
    });

    it('remove what could not be removed meanwhile before anything is read', async () => {
      const tagged = written('tagged', 'old', { tags: ['gone'] });
      const plain = ['set', 'deleted', 'expired', 'kept'].map((key) => written(key, 'old', { tags: [] }));
      await store.write([...plain, tagged]);
      await store.namespace('n').write([written('k', 'old')]);
      await store.namespace('m').write([written('k', 'old')]);
      await store.increment('count', 5, 60_000);
      await begin();

      await refusal(() => store.write([written('set', 'new')]));
      await refusal(() => store.delete(['deleted']));
      await refusal(() => store.expire('expired', 0));
      await refusal(() => store.invalidateTags(['gone']));
      await refusal(() => store.namespace('n').invalidate());
      await refusal(() => store.namespace('m').deleteMatching('k*'));
      await refusal(() => store.increment('count', 1, 60_000));

      await end();
      const keys = ['set', 'deleted', 'expired', 'tagged', 'kept', 'count'];
      const first = await eventually(() => store.readMany(keys));
      expect(first.map((entry) => entry?.value.copy()).slice(0, 5)).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
        'old',
      ]);
      // Who counts is not told whether it was done, and does not lose what was there.
      expect([5, 6]).toContain(first[5]?.value.copy());
      expect(await store.namespace('n').read('k')).toBeUndefined();
      expect(await store.namespace('m').read('k')).toBeUndefined();
    });
  });

  it('forget the whole cache when they can not remember more', async () => {
    await store.write([written('k', 'old')]);
    proxy.refuse();
    const keys = Array.from({ length: 10_001 }, (_, at) => `key ${at}`);
    await refusal(() => store.delete(keys));

    proxy.restore();
    expect(await eventually(() => store.read('k'))).toBeUndefined();
    await store.write([written('k', 'new')]);
    expect(await value(store, 'k')).toBe('new');
  });

  it('leave everybody else who uses the connection in peace', async () => {
    server.pause();
    const lock = engine.locks.tryAcquire({ key: 'l', owner: 'me', ttlMs: 1_000, permits: 1, limit: 1 });
    await refusal(() => store.read('k'));
    server.resume();

    expect(await lock).toMatchObject({ granted: true });
  });

  it('do not take a busy process for a Redis that is away', async () => {
    const patient = (await open(server.url, 300)).cache.open('c', undefined);
    await patient.write([written('k', 1)]);
    const asked = patient.read('k');
    const until = performance.now() + 400;
    while (performance.now() < until);

    expect((await asked)?.value.copy()).toBe(1);
  });

  it('say that they are closed when they are, and complain of nothing', async () => {
    await store.write([written('k', 1)]);
    await known('k', 1);
    await engine.close();

    await expect(store.read('l')).rejects.toBeInstanceOf(EngineClosedError);
    await expect(store.delete(['k'])).rejects.toBeInstanceOf(EngineClosedError);
    await expect(store.invalidate()).rejects.toBeInstanceOf(EngineClosedError);
    expect(store.peek('k')).toBeUndefined();
    expect(logger.warnings).toEqual([]);
  });

  it('complain of nothing when they were never used', async () => {
    await open(proxy.urlOf(server.url));
    await Promise.all(engines.slice(0, 2).map((one) => one.close()));
    proxy.cut();
    await eventually(() => expect(logger.logs.join()).toContain('is back'));

    expect([...logger.logs, ...logger.warnings].filter((line) => line.includes('caches'))).toEqual([]);
  });

  it('serve nothing of before once Redis has lost everything', async () => {
    await store.write([written('k', 1)]);
    await known('k', 1);
    await server.restart();
    await answersAgain();

    await eventually(() => expect(store.peek('k')).toBeUndefined());
    expect(await store.read('k')).toBeUndefined();
    await store.write([written('k', 2)]);
    await known('k', 2);
  });

  it('have nothing in memory that may have changed while nobody told', async () => {
    await store.write([written('k', 1)]);
    await known('k', 1);
    proxy.cut();
    await other.write([written('k', 2)]);

    await eventually(async () => expect(await value(store, 'k')).toBe(2));
    await known('k', 2);
  });
});
