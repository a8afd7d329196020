import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { LockLostError } from '../../../lib/lock/lock.errors.js';
import { settled } from '../../support/manual-clock.js';
import { claimOf, outcomeOf } from '../lock/lock.scene.js';
import { QuorumScene, SLACK, TIMEOUT_MS, TTL, view, type QuorumProcess } from './quorum.scene.js';

describe('holding a lock of a quorum', () => {
  let scene: QuorumScene;
  let one: QuorumProcess;
  let other: QuorumProcess;

  beforeEach(() => {
    scene = new QuorumScene();
    one = scene.process();
    other = scene.process();
  });
  afterEach(() => scene.close());

  test('goes on while a minority is away', async () => {
    const lock = await one.locks.acquire('k');
    scene.away(0);
    await scene.clock.advance(3 * TTL);

    expect(lock.held).toBe(true);
    expect(await other.locks.tryAcquire('k')).toBeNull();
    expect(await lock.release()).toBe(true);
  });

  test('ends, and says so, when a majority is away', async () => {
    const lock = await one.locks.acquire('k');
    const { signal } = lock;
    scene.away(0);
    scene.away(1);
    await scene.clock.advance(TTL);

    expect(signal.reason).toBeInstanceOf(LockLostError);
    expect(((signal.reason as Error).cause as Error).message).toContain(
      '1 of 3 lock servers answered; 2 are needed',
    );
    scene.away(0, 'no');
    scene.away(1, 'no');
    await scene.clock.advance(SLACK);
    await (await other.locks.acquire('k')).release();
  });

  test('ends at the next renewal when a majority has lost it', async () => {
    const lock = await one.locks.acquire('k');
    const { signal } = lock;
    scene.servers[0]?.restart();
    scene.servers[1]?.restart();
    await scene.clock.advance(TTL / 3);

    expect(signal.reason).toBeInstanceOf(LockLostError);
    await lock.release();
  });

  test('rides out a majority that is away for a while', async () => {
    const lock = await one.locks.acquire('k');
    scene.away(0);
    scene.away(1);
    await scene.clock.advance(TTL / 2);
    scene.away(0, 'no');
    await scene.clock.advance(2 * TTL);

    expect(lock.held).toBe(true);
    await lock.release();
  });

  test('survives the loss of one server after the other, since it joins those that are back', async () => {
    const lock = await one.locks.acquire('k');
    for (const at of [0, 1, 2, 0]) {
      scene.away(at);
      scene.servers[at]?.restart();
      await scene.clock.advance(TTL);
      scene.away(at, 'no');
      await scene.clock.advance(TTL);
    }

    expect(lock.held).toBe(true);
    expect(await scene.owners()).toEqual([[lock.owner], [lock.owner], [lock.owner]]);
    await lock.release();
    await settled();
    expect(await scene.isClean()).toBe(true);
  });

  test('does not join a server once it is released', async () => {
    scene.away(2);
    const lock = await one.locks.acquire('k');
    scene.away(2, 'no');
    const arrive = view(one.views, 2).slow('answers');
    await lock.extend();
    await lock.release();
    arrive();
    await settled();
    await settled();

    expect(await scene.isClean()).toBe(true);
  });

  test('is extended by what a majority says', async () => {
    await one.store.tryAcquire(claimOf('ann'));
    expect(await one.store.extend(claimOf('ann'), TTL)).toBe(true);
    await scene.servers[2]?.forceRelease('k');
    expect(await one.store.extend(claimOf('ann'), TTL)).toBe(true);
    expect(await one.store.extend(claimOf('bob'), TTL)).toBe(false);
  });

  test('says that it does not know when a server is away and the others say different things', async () => {
    await one.store.tryAcquire(claimOf('ann'));
    scene.away(0);
    await scene.servers[1]?.forceRelease('k');
    const extended = one.store.extend(claimOf('ann'), TTL);

    await expect(extended).rejects.toThrow(EngineUnavailableError);
    await expect(extended).rejects.toThrow(
      "2 of 3 lock servers answered; 2 that say the same are needed: Can't reach Redis",
    );
  });

  test('is extended in bounded time, or not', async () => {
    await one.store.tryAcquire(claimOf('ann'));
    const arrive = [view(one.views, 0).slow('requests'), view(one.views, 1).slow('requests')];
    const extended = outcomeOf(one.store.extend(claimOf('ann'), TTL));
    await scene.clock.advance(TIMEOUT_MS);

    expect(extended.reason).toBeInstanceOf(EngineUnavailableError);
    for (const each of arrive) each();
    await settled();
  });

  test('is given back to all servers', async () => {
    const lock = await one.locks.acquire('k');

    expect(await lock.release()).toBe(true);
    await settled();
    expect(await scene.isClean()).toBe(true);
  });

  test('is given back to all that are there, without waiting for the others', async () => {
    const lock = await one.locks.acquire('k');
    const arrive = view(one.views, 1).slow('requests');

    expect(await lock.release()).toBe(true);
    arrive();
    await settled();
    expect(await scene.isClean()).toBe(true);
  });

  test('is given back to a server that was away, as soon as that is back', async () => {
    const lock = await one.locks.acquire('k');
    scene.away(0);
    expect(await lock.release()).toBe(true);
    expect(await scene.owners()).toEqual([[lock.owner], [], []]);
    await scene.clock.advance(3_000);
    scene.away(0, 'no');
    await scene.clock.advance(1_000);

    expect(await scene.isClean()).toBe(true);
  });

  test('is given back to a server that was away, however many locks there are', async () => {
    const locks = await Promise.all(Array.from({ length: 50 }, (_, at) => one.locks.acquire(`k${at}`)));
    scene.away(0);
    await Promise.all(locks.map((lock) => lock.release()));
    const { calls } = view(one.views, 0);
    calls.length = 0;
    await scene.clock.advance(3_000);
    // One of them asks for all.
    expect(calls).toEqual(['release', 'release', 'release']);
    scene.away(0, 'no');
    await scene.clock.advance(1_000);

    for (const { key } of locks) expect(await scene.isClean(key)).toBe(true);
  });

  test('is not given back to a server any more once its time there is over', async () => {
    const lock = await one.locks.acquire('k');
    scene.away(0);
    await lock.release();
    await scene.clock.advance(2 * TTL);
    const { calls } = view(one.views, 0);
    calls.length = 0;
    await scene.clock.advance(2 * TTL);

    expect(calls).toEqual([]);
  });

  test('is not taken from an owner who has come back meanwhile', async () => {
    await one.store.tryAcquire(claimOf('ann'));
    scene.away(0);
    await one.store.release(claimOf('ann'));
    scene.away(0, 'no');
    await one.store.tryAcquire(claimOf('ann'));
    await scene.clock.advance(3_000);

    expect(await scene.owners()).toEqual([['ann'], ['ann'], ['ann']]);
  });

  test('is not taken from an owner who comes back while it is still being given back', async () => {
    await one.store.tryAcquire(claimOf('ann'));
    const arrive = view(one.views, 0).slow('requests');
    view(one.views, 0).away = 'before';
    await one.store.release(claimOf('ann'));
    const back = one.store.tryAcquire(claimOf('ann'));
    await settled();
    arrive();
    await settled();
    view(one.views, 0).away = 'no';
    await back;
    await one.store.tryAcquire(claimOf('ann'));
    await scene.clock.advance(3_000);

    expect(await scene.owners()).toEqual([['ann'], ['ann'], ['ann']]);
  });

  test('says at its release that it was lost', async () => {
    await one.store.tryAcquire(claimOf('ann'));
    await other.store.forceRelease('k');

    expect(await one.store.release(claimOf('ann'))).toMatchObject({ held: false });
  });

  test('is free for others after its ttl and the allowance for clocks when its process dies', async () => {
    await one.locks.acquire('k');
    for (const each of one.views) each.away = 'before';
    const waiting = outcomeOf(other.locks.acquire('k', { wait: '1m' }));
    await scene.clock.advance(TTL * 1.01 + 100);

    expect(waiting.value?.held).toBe(true);
    await waiting.value?.release();
  });
});
