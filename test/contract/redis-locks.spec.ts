import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineReplyError } from '../../lib/common/errors.js';
import { eventually } from '../support/eventually.js';
import { guest, LockScene, reader, TTL, writer } from './lock-store.scene.js';
import { RedisLocksFixture, type LockProcess } from './redis-locks.bench.js';

/** What a cluster hashes of a key: what is between the first brace and the next closing one, or else all of it. */
function hashedPart(key: string): string {
  const open = key.indexOf('{');
  const close = key.indexOf('}', open + 1);
  return open >= 0 && close > open + 1 ? key.slice(open + 1, close) : key;
}

describe('locks on Redis', () => {
  let locks: RedisLocksFixture;
  let living: LockProcess;
  let second: LockProcess;
  let scene: LockScene;

  beforeEach(async () => {
    locks = new RedisLocksFixture();
    await locks.start();
    living = await locks.process('living');
    second = await locks.process('second');
    scene = new LockScene(locks.bench(living, second));
  });

  afterEach(() => locks.close());

  /** Nobody hears what is told to it, from now on. */
  const die = async ({ ear, channel }: LockProcess): Promise<void> => {
    ear.close();
    await eventually(async () =>
      expect(await locks.fixture.redis.pubsub('NUMSUB', channel)).toEqual([channel, 0]),
    );
  };

  it('tells the process of the waiter, and no other', async () => {
    const { take, wait, held } = scene;
    const heard: string[] = [];
    living.store.onGranted((_, owner) => heard.push(owner));
    await take(writer('ann'));
    await wait(writer('bob'), second.store);
    await held(writer('ann'));
    await locks.heard();

    expect(heard.filter((owner) => owner === 'bob')).toEqual([]);
    expect(await scene.told()).toEqual(['k:bob']);
  });

  it('tells of a key whatever is in it', async () => {
    const key = 'a b\n 1 2 {x} \n';
    const { take, wait, held } = scene;
    await take(writer('ann', { key }));
    await wait(writer('bob', { key }));
    await held(writer('ann', { key }));

    expect(await scene.told()).toEqual([`${key}:bob`]);
  });

  it('hears of nothing before it waits', async () => {
    const { redis } = locks.fixture;
    await scene.take(writer('ann'));
    await living.store.tryAcquire(writer('bob'));
    expect(await redis.pubsub('NUMSUB', living.channel)).toEqual([living.channel, 0]);
    await scene.wait(writer('bob'));

    expect(await redis.pubsub('NUMSUB', living.channel)).toEqual([living.channel, 1]);
  });

  it('says of each look whether the one after him may be dead, too', async () => {
    const third = await locks.process('third');
    const { take, wait, told } = scene;
    await take(writer('ann'));
    await wait(writer('frozen'), second.store);
    await wait(writer('frozen-too'), third.store);
    await wait(writer('bob'));
    expect(await living.store.release(writer('ann'))).toEqual({ held: true, watch: true });
    await locks.advance(3_000);
    expect(await living.store.look('k')).toBe(true);
    expect(await living.store.look('k')).toBe(false);
    await locks.advance(3_000);
    expect(await living.store.look('k')).toBe(false);

    expect((await told()).at(-1)).toBe('k:bob');
  });

  for (const how of ['released', 'lost', 'taken by force'] as const) {
    it(`passes over who waits in a process that died, at once, when the lock is ${how}`, async () => {
      const { take, wait, held, told, owners, waiters } = scene;
      await take(writer('ann'));
      for (let n = 0; n < 20; n++) await wait(writer(`dead${n}`), second.store);
      await wait(writer('bob'));
      await die(second);
      if (how === 'released') await held(writer('ann'));
      else if (how === 'lost') await locks.advance(TTL).then(() => living.store.look('k'));
      else await living.store.forceRelease('k');

      expect(await told()).toEqual(['k:bob']);
      expect(await owners()).toEqual(['bob']);
      expect(await waiters()).toBe(0);
    });
  }

  it('frees the lock when all who wait are dead', async () => {
    const { take, wait, held, owners, waiters } = scene;
    await take(writer('ann'));
    for (let n = 0; n < 3; n++) await wait(writer(`dead${n}`), second.store);
    await die(second);

    expect(await living.store.release(writer('ann'))).toEqual({ held: true, watch: false });
    expect(await owners()).toEqual([]);
    expect(await waiters()).toBe(0);
    await take(writer('bob'));
    expect(await held(writer('bob'))).toBe(true);
  });

  it('gives the dead no token and no permits', async () => {
    const { take, wait, held, told } = scene;
    const token = await take(guest('ann', 5));
    await wait(guest('dead', 3), second.store);
    await wait(guest('bob', 3));
    await wait(guest('cid', 2));
    await die(second);
    await held(guest('ann', 5));

    expect(await told()).toEqual(['k:bob', 'k:cid']);
    expect((await scene.handedTo('bob')).token).toBe(token + 1);
  });

  it('takes a process for dead that does not take up what it was handed, with all who wait in it', async () => {
    const { take, wait, held, told, waiters } = scene;
    await take(writer('ann'));
    for (let n = 0; n < 20; n++) await wait(writer(`frozen${n}`), second.store);
    await wait(writer('bob'));
    await held(writer('ann'));
    await locks.advance(2_999);
    await living.store.look('k');
    expect(await told()).toEqual(['k:frozen0']);
    await locks.advance(1);
    await living.store.look('k');

    expect(await told()).toEqual(['k:frozen0', 'k:bob']);
    expect(await waiters()).toBe(0);
  });

  for (const how of ['released', 'lost', 'taken by force'] as const) {
    it(`takes a process of readers for dead that lets lapse what it was handed when it was ${how}`, async () => {
      const { take, wait, held, owners, waiters } = scene;
      await take(writer('ann'));
      await wait(reader('frozen0'), second.store);
      await wait(reader('bob'));
      await wait(writer('frozen1'), second.store);
      await wait(writer('cid'));
      if (how === 'released') await held(writer('ann'));
      else if (how === 'lost') await locks.advance(TTL).then(() => living.store.look('k'));
      else await living.store.forceRelease('k');
      expect(await living.store.extend(reader('bob'), TTL)).toBe(true);
      await locks.advance(3_000);
      await living.store.look('k');

      expect(await owners()).toEqual(['bob']);
      expect(await waiters()).toBe(1);
      await held(reader('bob'));
      expect(await owners()).toEqual(['cid']);
    });
  }

  it('leaves in their queues who wait in a frozen process for other keys', async () => {
    const { take, wait, held, waiters } = scene;
    for (const key of ['one', 'two']) {
      await take(writer(`ann-${key}`, { key }));
      await wait(writer(`bob-${key}`, { key }), second.store);
    }
    await held(writer('ann-one', { key: 'one' }));
    await locks.advance(3_000);
    await living.store.look('one');

    expect(await waiters('two')).toBe(1);
  });

  it('does not confuse processes of which one is called as another one begins', async () => {
    const alike = await locks.process('second-one');
    const { take, wait, held, waiters } = scene;
    await take(writer('ann'));
    await wait(writer('frozen'), second.store);
    await wait(writer('bob'));
    await wait(writer('cid'), alike.store);
    await held(writer('ann'));
    await locks.advance(3_000);
    await living.store.look('k');

    expect(await scene.owners()).toEqual(['bob']);
    expect(await waiters()).toBe(1);
  });

  it('lets a process that only slept stand in the queue again', async () => {
    const { take, wait, held, told } = scene;
    await take(writer('ann'));
    await wait(writer('slept0'), second.store);
    await wait(writer('slept1'), second.store);
    await wait(writer('bob'));
    await held(writer('ann'));
    await locks.advance(3_000);
    await wait(writer('slept0'), second.store);
    await wait(writer('slept1'), second.store);
    await living.store.acquire(writer('bob'));
    await held(writer('bob'));

    expect(await told()).toEqual(['k:slept0', 'k:bob', 'k:slept0']);
  });

  it('keeps all keys of a lock in one slot, whatever its name', () => {
    for (const key of ['k', '{', '}', '{}', '}{', '{a}b', '%{', 'a}{b']) {
      const { state, waiting } = locks.fixture.keys.lock(key);

      expect(hashedPart(waiting)).toBe(hashedPart(state));
      expect(hashedPart(state)).toBe(key.replace(/[%{}]/g, encodeURIComponent));
    }
  });

  it("refuses a key that is somebody else's, and leaves it alone", async () => {
    const { state } = locks.fixture.keys.lock('k');
    await locks.fixture.redis.set(state, 'mine');
    const calls = [
      () => living.store.tryAcquire(writer('ann')),
      () => living.store.acquire(writer('ann')),
      () => living.store.extend(writer('ann'), TTL),
      () => living.store.release(writer('ann')),
      () => living.store.look('k'),
      () => living.store.inspect('k'),
      () => living.store.forceRelease('k'),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(EngineReplyError);

    expect(await locks.fixture.redis.get(state)).toBe('mine');
    expect(await locks.fixture.storedKeys()).toEqual([state]);
  });
});
