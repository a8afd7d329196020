import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineUnavailableError } from '../../lib/common/errors.js';
import { eventually } from '../support/eventually.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { sharedRedisUrl } from '../support/shared-redis.js';
import { LockScene, TTL, writer } from './lock-store.scene.js';
import { RedisLocksFixture, type LockProcess } from './redis-locks.bench.js';

/** The connection on which a process is told what it was handed breaks; the other one does not. */
describe('a process that hears nothing of locks', () => {
  let locks: RedisLocksFixture;
  let proxy: TcpProxy;
  let cutOff: LockProcess;
  let scene: LockScene;
  let gaps: number;

  beforeEach(async () => {
    const url = sharedRedisUrl();
    proxy = await startProxy({ port: Number(new URL(url).port) });
    locks = new RedisLocksFixture();
    await locks.start();
    const living = await locks.process('living');
    cutOff = await locks.process('cut-off', proxy.urlOf(url));
    scene = new LockScene(locks.bench(living, cutOff));
    gaps = 0;
    cutOff.store.onGap(() => gaps++);
  });

  afterEach(async () => {
    await locks.close();
    await proxy.close();
  });

  const hears = (count: number): Promise<unknown> =>
    eventually(async () =>
      expect(await locks.fixture.redis.pubsub('NUMSUB', cutOff.channel)).toEqual([cutOff.channel, count]),
    );

  it('is granted what is free', async () => {
    proxy.refuse();

    expect(await cutOff.store.tryAcquire(writer('ann'))).toMatchObject({ granted: true });
    expect(await cutOff.store.acquire(writer('bob', { key: 'other' }))).toMatchObject({ granted: true });
  });

  it('stands in no queue, and says why', async () => {
    proxy.refuse();
    await scene.take(writer('ann'));

    await expect(cutOff.store.acquire(writer('bob'))).rejects.toThrow(EngineUnavailableError);
    expect(await scene.waiters()).toBe(0);
  });

  it('waits when it hears again', async () => {
    const { take, wait, held, told } = scene;
    proxy.refuse();
    await take(writer('ann'));
    await expect(cutOff.store.acquire(writer('bob'))).rejects.toThrow(EngineUnavailableError);
    proxy.restore();
    await eventually(() => wait(writer('bob'), cutOff.store));
    await held(writer('ann'));

    expect(await told()).toEqual(['k:bob']);
    expect(gaps).toBe(0);
  });

  it('counts from when it asked, however long it takes to listen', async () => {
    const askedAt = locks.now();
    await scene.take(writer('ann'));
    proxy.blackhole();
    const answer = cutOff.store.acquire(writer('bob'));
    // It asks once more when it is connected.
    await eventually(() => expect(proxy.size).toBe(1));
    await locks.advance(300);
    proxy.restore();

    expect(await answer).toEqual({ granted: false, leftMs: TTL - 300, at: askedAt });
  });

  it('is passed over while it is known to hear nothing', async () => {
    const { take, wait, held, told } = scene;
    await take(writer('ann'));
    await wait(writer('bob'), cutOff.store);
    await wait(writer('cid'));
    proxy.refuse();
    await hears(0);
    await held(writer('ann'));

    expect(await told()).toEqual(['k:cid']);
  });

  it('hears again by itself, and is told once that it has missed something', async () => {
    const { take, wait, held, told } = scene;
    await take(writer('ann'));
    await wait(writer('bob'), cutOff.store);
    expect(gaps).toBe(0);
    proxy.cut();
    await eventually(() => expect(gaps).toBe(1));
    await hears(1);
    await wait(writer('bob'), cutOff.store);
    await held(writer('ann'));

    expect(await told()).toEqual(['k:bob']);
    expect(gaps).toBe(1);
  });

  it('learns by asking what it was not told', async () => {
    const { take, wait, held } = scene;
    const told: string[] = [];
    cutOff.store.onGranted((_, owner) => told.push(owner));
    await take(writer('ann'));
    await wait(writer('bob'), cutOff.store);
    proxy.blackhole();
    await held(writer('ann'));

    expect(await cutOff.store.acquire(writer('bob'))).toMatchObject({ granted: true });
    await scene.takenFor(TTL);
    expect(told).toEqual([]);
    proxy.restore();
    // It is told late, of what it has by now.
    expect(await scene.told()).toEqual(['k:bob']);
  });

  it('takes no notice of what is no hand-over', async () => {
    const { take, wait, held, told } = scene;
    await take(writer('ann'));
    await wait(writer('bob'), cutOff.store);
    for (const message of ['', 'bob', 'bob 1 2', 'bob x y k', '\n']) {
      await locks.fixture.redis.publish(cutOff.channel, message);
    }
    await held(writer('ann'));

    expect(await told()).toEqual(['k:bob']);
  });
});
