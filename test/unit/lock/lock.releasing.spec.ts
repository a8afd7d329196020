import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { settled } from '../../support/manual-clock.js';
import { LockScene, TTL } from './lock.scene.js';

describe('a lock that is released', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test('is free, and renewed no more', async () => {
    const lock = await scene.locks.acquire('k');

    expect(await lock.release()).toBe(true);
    expect(lock.held).toBe(false);
    expect(await scene.isFree()).toBe(true);
    await scene.clock.advance(TTL);
    expect(scene.store.calls).toEqual(['acquire', 'release']);
    expect(scene.clock.pending).toBe(1); // The embedded engine's, for the token.
  });

  test('is not lost: its signal does not abort, then or ever', async () => {
    const lock = await scene.locks.acquire('k');
    const { signal } = lock;
    await lock.release();
    await scene.clock.advance(10 * TTL);

    expect(signal.aborted).toBe(false);
    expect(signal.reason).toBeUndefined();
    expect(() => signal.throwIfAborted()).not.toThrow();
    expect(scene.losses).toEqual([]);
  });

  test('twice has the same outcome, by one call', async () => {
    const lock = await scene.locks.acquire('k');
    expect(await Promise.all([lock.release(), lock.release()])).toEqual([true, true]);
    expect(await lock.release()).toBe(true);
    expect(scene.store.calls).toEqual(['acquire', 'release']);
    const next = await scene.locks.acquire('k');
    await lock.release();

    expect(next.held).toBe(true);
    expect(await scene.isFree()).toBe(false);
  });

  test('although it was lost has the same outcome each time', async () => {
    const lock = await scene.locks.acquire('k');
    await scene.engine.forceRelease('k');

    expect(await Promise.all([lock.release(), lock.release()])).toEqual([false, false]);
    expect(await lock.release()).toBe(false);
  });

  test.each(['no', 'before'] as const)(
    'is not revived by a renewal under way (engine away: %s)',
    async (away) => {
      const lock = await scene.locks.acquire('k');
      const arrive = scene.store.slow('requests');
      await scene.clock.advance(TTL / 3);
      const released = lock.release();
      scene.store.away = away;
      arrive();
      await released;
      await scene.clock.advance(10 * TTL);

      expect(lock.held).toBe(false);
      expect(lock.signal.aborted).toBe(false);
      expect(scene.store.calls).toEqual(['acquire', 'extend', 'release']);
    },
  );

  test('with the engine away does not reject: it ends by its ttl', async () => {
    const lock = await scene.locks.acquire('k');
    scene.store.away = 'before';

    expect(await lock.release()).toBe(false);
    expect(scene.logger.warnings).toEqual([expect.stringMatching(/^Lock k could not be released/)]);
    scene.store.away = 'no';
    await scene.clock.advance(TTL);
    expect(await scene.isFree()).toBe(true);
  });

  test('at the end of its scope, however that ends', async () => {
    {
      await using lock = await scene.locks.acquire('k');
      expect(lock.held).toBe(true);
    }
    expect(await scene.isFree()).toBe(true);
    const failing = async (): Promise<void> => {
      await using lock = await scene.locks.acquire('k');
      throw new Error(lock.key);
    };

    await expect(failing()).rejects.toThrow('k');
    expect(await scene.isFree()).toBe(true);
  });

  test('goes to the next one before the answer is there', async () => {
    const lock = await scene.locks.acquire('k');
    const waiting = scene.process().locks.acquire('k');
    await settled();
    const arrive = scene.store.slow('answers');
    void lock.release();

    expect((await waiting).held).toBe(true);
    arrive();
  });
});
