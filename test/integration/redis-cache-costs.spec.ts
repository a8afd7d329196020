import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheStore, Claim } from '../../lib/cache/cache.store.js';
import { eventually } from '../support/eventually.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { known, RedisCacheScene, request, valueAt, written } from './redis-cache.scene.js';

let server: RedisServer;
beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());

describe('what caches ask of Redis', () => {
  let scene: RedisCacheScene;
  let store: CacheStore;
  beforeEach(async () => {
    scene = new RedisCacheScene(server.url);
    store = await scene.cache();
    // Scripts are loaded, epochs are made, and changes are heard of.
    await store.write([written('warm', 1, { tags: ['t'] })]);
    await (await lease('warm up')).fill(written('warm up', 1, { tags: ['t'] }));
    await known(store, 'warm', 1);
    await store.write([written('warm', 1, { tags: ['t'] })]);
    await known(store, 'warm', 1);
    await known(store, 'warm up', 1);
  });
  afterEach(() => scene.close());

  async function lease(key: string, over = {}): Promise<Extract<Claim, { kind: 'granted' }>['lease']> {
    const [claim] = await store.claim([request(key, { tags: ['t'], ...over })]);
    if (claim?.kind !== 'granted') throw new Error('not granted');
    return claim.lease;
  }

  it('is nothing for what is in memory', async () => {
    const counts = await scene.commands(async () => {
      for (let at = 0; at < 1_000; at++) await store.read('warm');
    });

    expect(counts).toEqual({});
  });

  it('is one command for a key', async () => {
    expect(await scene.commands(() => store.read('absent'))).toEqual({ mget: 1 });
  });

  it('is one command for what 64 callers want at the same time, whatever the namespace', async () => {
    const spaces = [store, store.namespace('a'), store.namespace('b')];
    await Promise.all(spaces.map((space) => space.write([written('x', 1)])));
    await store.read('absent');
    await Promise.all([store.read('absent'), store.read('gone')]);

    const keys = Array.from({ length: 64 }, (_, at) => `key ${at}`);
    const counts = await scene.commands(() =>
      Promise.all(keys.map((key, at) => (spaces[at % 3] ?? store).read(key))),
    );
    expect(counts).toEqual({ mget: 1 });
  });

  it('is one command for a thousand keys, and more for more', async () => {
    const keys = Array.from({ length: 1_000 }, (_, at) => `key ${at}`);
    expect(await scene.commands(() => store.readMany(keys.slice(0, 999)))).toEqual({ mget: 1 });
    expect(await scene.commands(() => store.readMany([...keys, 'more']))).toEqual({ mget: 2 });
  });

  it('is one call for many values', async () => {
    const counts = await scene.commands(() =>
      store.write(Array.from({ length: 100 }, (_, at) => written(`key ${at}`, at, { tags: ['t'] }))),
    );
    expect(counts).toMatchObject({ evalsha: 1 });
    expect(counts).not.toHaveProperty('mget');
  });

  it('is three round trips for a value that is made', async () => {
    const counts = await scene.commands(async () => {
      await store.read('cold');
      await (await lease('cold')).fill(written('cold', 1, { tags: ['t'] }));
    });

    // The second look travels with the fill, and sees what was invalidated until then.
    expect(counts).toMatchObject({ evalsha: 2, mget: 2 });
    expect(counts).not.toHaveProperty('publish');
  });

  it('is one call for hundreds of keys that are claimed', async () => {
    const counts = await scene.commands(() =>
      store.claim(Array.from({ length: 400 }, (_, at) => request(`key ${at}`, { tags: ['t'] }))),
    );
    expect(counts).toMatchObject({ evalsha: 1 });
  });

  it('is no message to everybody where nobody waits for what is given up', async () => {
    const held = await lease('cold');
    expect(await scene.commands(() => held.release())).not.toHaveProperty('publish');
  });

  it('is one call for all leases that a process has, to renew them', async () => {
    const held = await Promise.all(['a', 'b', 'c'].map((key) => lease(key)));
    for (const key of ['a', 'b', 'c']) await scene.cli.pexpire(scene.lease(key), 1_500);

    const counts = await scene.commands(async () => {
      await eventually(async () => expect(await scene.cli.pttl(scene.lease('c'))).toBeGreaterThan(1_500));
    });
    expect((counts['eval'] ?? 0) + (counts['evalsha'] ?? 0)).toBe(1);
    expect(await scene.cli.pttl(scene.lease('a'))).toBeGreaterThan(1_500);
    await Promise.all(held.map((one) => one.release()));
  });

  it('is refused to store where there is no room, and the old value does not stay', async () => {
    await store.write([written('k', 'old'), written('l', 'old')]);
    await scene.cli.config('SET', 'maxmemory-policy', 'noeviction');
    await scene.cli.config('SET', 'maxmemory', '1mb');
    try {
      await expect(store.write([written('k', 'new'), written('l', 'new')])).rejects.toThrow(/OOM/);
      expect(await valueAt(store, 'k')).toBeUndefined();
      expect(await valueAt(store, 'l')).toBeUndefined();
      // Makes room, so it has to work.
      expect(await store.delete(['warm'])).toBe(1);
      expect(await (await lease('cold')).fill(written('cold', 1))).toBe(false);
    } finally {
      await scene.cli.config('SET', 'maxmemory', '0');
    }
    await store.write([written('k', 'new')]);
    expect(await valueAt(store, 'k')).toBe('new');
  });
});
