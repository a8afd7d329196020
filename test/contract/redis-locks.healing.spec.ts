import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startRedis } from '../support/redis-server.js';
import { guest, LockScene, reader, TTL, writer } from './lock-store.scene.js';
import { openRedisLocks, RedisLocksFixture } from './redis-locks.bench.js';

/** Redis may drop one key and keep another when its memory is full, if it is allowed to. */
describe('locks of which Redis has lost a part', () => {
  let locks: RedisLocksFixture;
  let scene: LockScene;

  beforeEach(async () => {
    locks = new RedisLocksFixture();
    scene = new LockScene(await openRedisLocks(locks));
    await scene.take(guest('ann', 5));
    await scene.wait(guest('bob', 2));
    await scene.wait(guest('cid', 2), scene.other);
    await scene.wait(guest('dan', 2));
  });

  afterEach(() => scene.bench.close());

  const evict = async (part: 'state' | 'waiting'): Promise<void> => {
    expect(await locks.fixture.redis.del(locks.fixture.keys.lock('k')[part])).toBe(1);
  };

  const steps: [string, () => Promise<unknown>][] = [
    ['somebody looks', () => scene.other.look('k')],
    ['somebody inspects it', () => scene.other.inspect('k')],
    ['its holder wants to extend it', () => scene.store.extend(guest('ann', 5), TTL)],
    ['its holder releases it', () => scene.store.release(guest('ann', 5))],
    ['somebody tries', () => scene.store.tryAcquire(guest('eve', 4))],
    ['somebody comes to wait', () => scene.store.acquire(guest('eve', 4))],
    ['the first one asks again', () => scene.store.acquire(guest('bob', 2))],
    ['another one asks again', () => scene.store.acquire(guest('dan', 2))],
    ['one gives up', () => scene.store.release(guest('dan', 2))],
  ];
  it.each(steps)('serve who waits when nobody has them any more and %s', async (_, step) => {
    await evict('state');
    await step();

    expect(await scene.told()).toEqual(['k:bob', 'k:cid']);
    expect(await scene.owners()).toEqual(['bob', 'cid']);
  });

  it('count the permits of nobody twice', async () => {
    const { store, other, held, owners, waiters, told } = scene;
    await evict('state');
    await store.acquire(guest('dan', 2));
    await store.acquire(guest('bob', 2));
    await other.extend(guest('cid', 2), TTL);
    for (const owner of ['bob', 'dan']) expect(await held(guest(owner, 2))).toBe(true);
    expect(await held(guest('cid', 2), other)).toBe(true);

    expect(await told()).toEqual(['k:bob', 'k:cid', 'k:dan']);
    expect(await owners()).toEqual([]);
    expect(await waiters()).toBe(0);
    await scene.isFree();
  });

  it('are free after they were released although the queue is lost', async () => {
    const { held, isFree, waiters, told } = scene;
    await evict('waiting');
    expect(await waiters()).toBe(0);
    expect(await held(guest('ann', 5))).toBe(true);

    await isFree();
    expect(await told()).toEqual([]);
  });

  it('serve who asks again after the queue was lost', async () => {
    const { other, store, held, told, wait } = scene;
    await evict('waiting');
    await wait(guest('dan', 2));
    await wait(guest('cid', 2), other);
    await store.release(guest('bob', 2));
    await held(guest('ann', 5));

    expect(await told()).toEqual(['k:dan', 'k:cid']);
  });

  it('are as new when all is lost', async () => {
    const { bench, store, take, held, owners, told } = scene;
    await bench.forget();

    expect(await store.extend(guest('ann', 5), TTL)).toBe(false);
    expect(await held(guest('ann', 5))).toBe(false);
    await take(guest('dan', 2));
    expect(await owners()).toEqual(['dan']);
    expect(await told()).toEqual([]);
  });
});

describe('locks on a Redis whose memory is full', () => {
  it('are extended, handed over and released, but not granted', async () => {
    await using server = await startRedis({ args: ['--maxmemory-policy', 'noeviction'] });
    const locks = new RedisLocksFixture(server.url);
    try {
      const { store, other, take, wait, told, held } = new LockScene(await openRedisLocks(locks));
      const shared = { key: 'shared' };
      await take(writer('ann'));
      await wait(writer('bob'), other);
      await take(reader('ann', shared));
      await take(reader('bob', { ...shared, ttlMs: 5_000 }));
      await store.extend(reader('bob', { ...shared, ttlMs: 5_000 }), TTL);
      await take(guest('ann', 1, { key: 'five' }));
      const limit = (bytes: number): Promise<unknown> =>
        locks.fixture.redis.config('SET', 'maxmemory', String(bytes));
      const later = async (ms: number): Promise<void> => {
        await limit(0);
        await locks.jump(ms);
        await limit(1);
      };
      await limit(1);

      await expect(store.tryAcquire(writer('ann', { key: 'free' }))).rejects.toThrow(/OOM/);
      await expect(store.acquire(writer('cid'))).rejects.toThrow(/OOM/);
      await expect(store.tryAcquire(reader('cid', shared))).rejects.toThrow(/OOM/);
      await expect(store.tryAcquire(guest('bob', 1, { key: 'five' }))).rejects.toThrow(/OOM/);
      expect(await store.extend(writer('ann'), TTL)).toBe(true);
      expect(await held(writer('ann'))).toBe(true);
      expect(await told()).toEqual(['k:bob']);
      expect(await other.acquire(writer('bob'))).toMatchObject({ granted: true });
      expect(await other.extend(writer('bob'), TTL)).toBe(true);
      expect(await held(writer('bob'), other)).toBe(true);

      // Who looks now finds that nobody's time is over, and writes down when it will be.
      await later(6_000);
      expect(await store.extend(reader('ann', shared), TTL)).toBe(true);
      expect(await store.extend(reader('bob', shared), TTL)).toBe(true);
      expect((await store.inspect('shared')).holders).toHaveLength(2);
      expect(await store.forceRelease('shared')).toBe(2);
      await later(TTL);
      expect((await store.inspect('five')).holders).toEqual([]);
    } finally {
      await locks.fixture.redis.config('SET', 'maxmemory', '0');
      await locks.close();
    }
  });
});
