import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HAND_OVER_MS } from '../../../lib/lock/lock.store.js';
import { LockScene, SLACK } from './lock.scene.js';

describe('who releases a lock that goes to one of several', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
    scene.store.watch = true;
  });
  afterEach(() => scene.close());

  const looks = (): number => scene.store.calls.filter((name) => name === 'look').length;

  const release = async (key = 'k'): Promise<void> => {
    const lock = await scene.locks.acquire(key);
    await lock.release();
  };

  test('looks whether it was taken up, when that should have happened', async () => {
    await release();
    await scene.clock.advance(HAND_OVER_MS - 1);
    expect(looks()).toBe(0);
    await scene.clock.advance(SLACK);
    expect(looks()).toBe(1);
    await scene.clock.advance(10 * HAND_OVER_MS);

    expect(looks()).toBe(1);
  });

  test('does not when it is told that nobody waits behind', async () => {
    scene.store.watch = false;
    await release();
    await scene.clock.advance(HAND_OVER_MS + SLACK);

    expect(looks()).toBe(0);
  });

  test('looks once for each key, after the last release', async () => {
    await release();
    await scene.clock.advance(HAND_OVER_MS / 2);
    await release();
    await release();
    await scene.clock.advance(HAND_OVER_MS - 1);
    expect(looks()).toBe(0);
    await scene.clock.advance(SLACK);

    expect(looks()).toBe(1);
  });

  test('looks for each of several keys', async () => {
    await release('a');
    await release('b');
    await scene.clock.advance(HAND_OVER_MS + SLACK);

    expect(looks()).toBe(2);
  });

  test('looks, too, when somebody who gave up was handed it', async () => {
    await scene.taken(60_000);
    scene.store.watch = undefined;
    const waiting = scene.locks.acquire('k', { wait: 100 }).catch(() => undefined);
    scene.store.watch = true;
    await scene.clock.advance(100);
    await waiting;
    await scene.clock.advance(HAND_OVER_MS + SLACK);

    expect(looks()).toBe(1);
  });

  test('looks again for as long as others are handed it who may be dead, too', async () => {
    scene.store.looksLeft = 3;
    await release();
    await scene.clock.advance(10 * (HAND_OVER_MS + SLACK));

    expect(looks()).toBe(4);
  });

  test('looks, too, when it was taken by force', async () => {
    scene.store.watch = undefined;
    expect(await scene.locks.forceRelease('k')).toBe(false);
    await scene.clock.advance(HAND_OVER_MS + SLACK);
    expect(looks()).toBe(0);
    await scene.locks.acquire('k', { renew: false, ttl: '1h' });
    expect(await scene.locks.forceRelease('k')).toBe(true);
    await scene.clock.advance(HAND_OVER_MS + SLACK);

    expect(looks()).toBe(1);
  });

  test('does no harm when the engine is away by then', async () => {
    await release();
    scene.store.away = 'before';
    await scene.clock.advance(HAND_OVER_MS + SLACK);

    expect(looks()).toBe(1);
    expect(scene.logger.warnings).toEqual([]);
  });

  test('looks no more once it is stopped', async () => {
    await release();
    await scene.locks.stop();
    await scene.clock.advance(HAND_OVER_MS + SLACK);

    expect(looks()).toBe(0);
  });

  test('does not begin to watch when the answer comes after it was stopped', async () => {
    const lock = await scene.locks.acquire('k');
    const arrive = scene.store.slow('answers');
    const released = lock.release();
    const stopped = scene.locks.stop();
    arrive();
    await Promise.all([released, stopped]);
    await scene.clock.advance(HAND_OVER_MS + SLACK);

    expect(looks()).toBe(0);
  });
});
