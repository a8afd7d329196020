import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { settled } from '../../support/manual-clock.js';
import { LockScene, SLACK, TTL, claimOf, outcomeOf } from './lock.scene.js';

describe('who waits for a lock', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test('is served in order, by two calls each', async () => {
    const { locks, store } = scene;
    const order: number[] = [];
    const first = await locks.acquire('k');
    const done = Array.from({ length: 100 }, async (_, n) => {
      await using lock = await locks.acquire('k');
      order.push(n);
      expect(lock.held).toBe(true);
    });
    await settled();
    await first.release();
    await Promise.all(done);

    expect(order).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(store.calls).toHaveLength(2 + 2 * 100);
  });

  test('is served in order across processes', async () => {
    const processes = [scene, scene.process(), scene.process()] as const;
    const order: number[] = [];
    await scene.taken(60_000);
    const done = Array.from({ length: 30 }, (_, n) =>
      (processes[n % 3] ?? scene).locks.run('k', { wait: '1m' }, () => void order.push(n)),
    );
    await settled();
    await scene.given();
    await Promise.all(done);

    expect(order).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });

  test('is woken, and asks nobody meanwhile', async () => {
    const first = await scene.locks.acquire('k', { ttl: '1h', renew: false });
    const second = outcomeOf(scene.locks.acquire('k', { wait: '50m' }));
    await settled();
    const before = scene.store.calls.length;
    await scene.clock.advance(49 * 60_000);
    expect(scene.store.calls.length).toBe(before);
    await first.release();
    await settled();

    expect(second.state).toBe('fulfilled');
    expect(scene.store.calls.slice(before)).toEqual(['release']);
  });

  test('gets the lock of an owner that died', async () => {
    await scene.taken();
    const waiting = ['one', 'two', 'three'].map(() => outcomeOf(scene.locks.acquire('k', { wait: '1m' })));
    await scene.clock.advance(TTL - 1);
    expect(waiting.map(({ state }) => state)).toEqual(['pending', 'pending', 'pending']);
    await scene.clock.advance(SLACK);

    expect(waiting.map(({ state }) => state)).toEqual(['fulfilled', 'pending', 'pending']);
  });

  test('asks once for each time the lock could be over, however many wait', async () => {
    await scene.taken();
    for (let n = 0; n < 50; n++) void scene.locks.acquire('k', { wait: '5m' }).catch(() => undefined);
    await settled();
    const before = scene.store.calls.length;
    for (let n = 0; n < 10; n++) {
      await scene.clock.advance(TTL - 1_000);
      await scene.engine.extend(claimOf('stranger'), TTL);
    }

    expect(scene.store.calls.length - before).toBeGreaterThan(0);
    expect(scene.store.calls.length - before).toBeLessThanOrEqual(10);
  });

  test('gets the lock although the word of it was lost, when it looks', async () => {
    await scene.taken();
    const waiting = outcomeOf(scene.locks.acquire('k', { wait: '1m' }));
    await settled();
    scene.store.deaf = true;
    await scene.given();
    expect(scene.store.handOvers).toHaveLength(1);
    expect(waiting.state).toBe('pending');
    await scene.clock.advance(TTL + SLACK);

    expect(waiting.state).toBe('fulfilled');
  });

  test('gets the lock although the word of it was lost, after a reconnect', async () => {
    await scene.taken();
    const waiting = outcomeOf(scene.locks.acquire('k', { wait: '1m' }));
    await settled();
    scene.store.deaf = true;
    await scene.given();
    expect(waiting.state).toBe('pending');
    scene.store.gap();
    await settled();

    expect(waiting.value?.held).toBe(true);
  });

  test('asks once more after a reconnect while it was asking', async () => {
    await scene.taken();
    const arrive = scene.store.slow('answers');
    const waiting = outcomeOf(scene.locks.acquire('k', { wait: '1m' }));
    await settled();
    scene.store.deaf = true;
    await scene.given();
    scene.store.gap();
    arrive();
    await settled();

    expect(waiting.state).toBe('fulfilled');
    expect(scene.store.calls).toEqual(['acquire', 'acquire']);
  });

  test('asks once more only, however many reconnects there were, when the lock is still taken', async () => {
    await scene.taken();
    const arrive = scene.store.slow('answers');
    void scene.locks.acquire('k', { wait: '1m' }).catch(() => undefined);
    await settled();
    for (let n = 0; n < 3; n++) scene.store.gap();
    arrive();
    await settled();

    expect(scene.store.calls).toEqual(['acquire', 'acquire']);
  });

  test('is not served while somebody stands before it who wants more', async () => {
    await scene.locks.acquire('k', { mode: 'read' });
    const writer = outcomeOf(scene.locks.acquire('k', { wait: '1m' }));
    await settled();

    expect(await scene.locks.tryAcquire('k', { mode: 'read' })).toBeNull();
    expect(writer.state).toBe('pending');
  });
});
