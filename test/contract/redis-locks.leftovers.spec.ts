import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LockScene, reader, TTL, writer } from './lock-store.scene.js';
import { openRedisLocks, RedisLocksFixture } from './redis-locks.bench.js';

describe('what locks leave on Redis', () => {
  let locks: RedisLocksFixture;
  let scene: LockScene;

  beforeEach(async () => {
    locks = new RedisLocksFixture();
    scene = new LockScene(await openRedisLocks(locks));
  });

  afterEach(() => scene.bench.close());

  it('expires, all of it', async () => {
    const { store, other, take, wait, held } = scene;
    await take(writer('ann', { key: 'held' }));
    await wait(writer('bob', { key: 'held' }), other);
    await take(writer('ann', { key: 'handed' }));
    await wait(writer('bob', { key: 'handed' }), other);
    await wait(writer('cid', { key: 'handed' }), other);
    await held(writer('ann', { key: 'handed' }));
    await take(reader('ann', { key: 'shared' }));
    await take(reader('bob', { key: 'shared' }));
    await wait(writer('cid', { key: 'shared' }), other);
    await store.extend(reader('ann', { key: 'shared' }), TTL);
    await take(writer('ann', { key: 'free' }));
    await held(writer('ann', { key: 'free' }));
    await take(writer('ann', { key: 'forced' }));
    await store.forceRelease('forced');

    const keys = await locks.fixture.storedKeys();
    expect(keys).toHaveLength(8);
    const left = await Promise.all(keys.map((key) => locks.fixture.redis.pttl(key)));
    expect(keys.filter((_, n) => (left[n] ?? 0) <= 0)).toEqual([]);
    await locks.advance(2 * 86_400_000);
    expect(await locks.fixture.storedKeys()).toEqual([]);
  });

  it('is the token, once all have had their turns', async () => {
    const { take, wait, held } = scene;
    await take(writer('ann'));
    await wait(writer('bob'));
    await wait(reader('cid'));
    await wait(reader('dan'));
    await held(writer('ann'));
    await held(reader('dan'));
    await held(writer('bob'));
    await held(reader('cid'));

    const { state } = locks.fixture.keys.lock('k');
    expect(await locks.fixture.storedKeys()).toEqual([state]);
    expect(await locks.fixture.redis.hkeys(state)).toEqual(['token']);
  });

  it('is the token, once all have lost it', async () => {
    const { store, take, wait } = scene;
    await take(reader('ann'));
    await take(reader('bob', { ttlMs: 5 }));
    await wait(writer('cid'));
    for (const ms of [TTL, 3_000]) {
      await locks.advance(ms);
      await store.look('k');
    }

    const { state } = locks.fixture.keys.lock('k');
    expect(await locks.fixture.storedKeys()).toEqual([state]);
    expect(await locks.fixture.redis.hkeys(state)).toEqual(['token']);
  });

  it('is there for as long as somebody has the lock, or waits for it', async () => {
    const DAY = 86_400_000;
    const { take, wait, owners, waiters } = scene;
    await take(reader('ann', { ttlMs: 7 * DAY }));
    await take(reader('bob', { ttlMs: 9 * DAY }));
    await wait(writer('cid'));
    await locks.advance(7 * DAY);
    expect(await owners()).toEqual(['bob']);
    // As whoever waits does when the first of them should be over.
    await wait(writer('cid'));
    await locks.advance(2 * DAY - 1_000);

    expect(await owners()).toEqual(['bob']);
    expect(await waiters()).toBe(1);
  });
});
