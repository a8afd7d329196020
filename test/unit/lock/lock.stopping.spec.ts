import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LockLostError, LocksStoppedError } from '../../../lib/lock/lock.errors.js';
import { settled } from '../../support/manual-clock.js';
import { LockScene, TTL, claimOf, outcomeOf } from './lock.scene.js';

describe('a lock service that is stopped', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test('turns away who waits, and who comes', async () => {
    await scene.taken();
    const one = outcomeOf(scene.locks.acquire('k', { wait: '1m' }));
    const several = outcomeOf(scene.locks.acquire(['a', 'k'], { wait: '1m' }));
    await settled();
    await scene.locks.stop();
    await settled();

    expect(one.reason).toBeInstanceOf(LocksStoppedError);
    expect(several.reason).toBeInstanceOf(LocksStoppedError);
    await expect(scene.locks.acquire('k')).rejects.toThrow(LocksStoppedError);
    await expect(scene.locks.acquire(['k', 'l'])).rejects.toThrow(LocksStoppedError);
    await expect(scene.locks.tryAcquire('free')).rejects.toThrow(LocksStoppedError);
    expect(await scene.isFree('a')).toBe(true);
    await scene.given();
    expect(await scene.isFree()).toBe(true);
  });

  test('tells who holds a lock, and leaves it to its ttl', async () => {
    const lock = await scene.locks.acquire('k');
    const { signal } = lock;
    await scene.locks.stop();

    expect(signal.reason).toBeInstanceOf(LockLostError);
    expect(lock.held).toBe(false);
    expect(await scene.isFree()).toBe(false);
    await scene.clock.advance(TTL);
    expect(await scene.isFree()).toBe(true);
    expect(scene.store.calls).toEqual(['acquire']);
  });

  test('lets who holds a lock release it', async () => {
    const lock = await scene.locks.acquire('k');
    await scene.locks.stop();

    expect(await lock.release()).toBe(false);
    expect(await scene.isFree()).toBe(true);
    expect(() => lock.again()).toThrow(LockLostError);
  });

  test('still shows locks, and takes them away', async () => {
    const lock = await scene.locks.acquire('k');
    await scene.locks.stop();

    expect(await scene.locks.inspect('k')).toMatchObject({ owner: lock.owner });
    expect(await scene.locks.forceRelease('k')).toBe(true);
  });

  test('has no timers left', async () => {
    await scene.locks.acquire('held');
    await scene.taken();
    scene.locks.acquire('k').catch(() => undefined);
    scene.store.watch = true;
    await scene.locks.run('watched', {}, () => undefined);
    await settled();
    await scene.locks.stop();

    expect(scene.clock.pending).toBe(1); // The embedded engine's, for the tokens.
  });

  test('waits until what is given back has arrived', async () => {
    const lock = await scene.locks.acquire('k');
    const arrive = scene.store.slow('requests');
    void lock.release();
    const stopped = outcomeOf(scene.locks.stop());
    await settled();
    expect(stopped.state).toBe('pending');
    arrive();
    await settled();

    expect(stopped.state).toBe('fulfilled');
    expect(await scene.isFree()).toBe(true);
  });

  test.each(['acquire', 'tryAcquire'] as const)(
    '%s gives nothing that was granted meanwhile',
    async (how) => {
      const arrive = scene.store.slow('answers');
      const asked = outcomeOf(scene.locks[how]('k', { ttl: '1h' }));
      await settled();
      const stopped = scene.locks.stop();
      arrive();
      await stopped;
      await settled();

      expect(asked.reason).toBeInstanceOf(LocksStoppedError);
      expect(await scene.isFree()).toBe(true);
      expect(scene.clock.pending).toBe(1); // The embedded engine's, for the token.
    },
  );

  test('tells who was granted a lock at that moment', async () => {
    await scene.taken();
    const asked = scene.locks.acquire('k', { wait: '1m' });
    const outcome = outcomeOf(asked);
    await settled();
    // The waiter has the lock, but has not come to know it.
    const stopped = scene.engine.release(claimOf('stranger')).then(() => scene.locks.stop());
    await stopped;
    await settled();

    expect(outcome.value?.held ?? false).toBe(false);
  });

  test('twice, with nothing to stop and with the engine away is harmless', async () => {
    scene.store.away = 'before';
    await scene.locks.stop();

    await expect(scene.locks.stop()).resolves.toBeUndefined();
  });

  test('with the engine away turns away all the same', async () => {
    await scene.taken();
    const waiting = outcomeOf(scene.locks.acquire('k', { wait: '1m' }));
    const lock = await scene.locks.acquire('held');
    scene.store.away = 'before';
    await scene.locks.stop();
    await settled();

    expect(waiting.reason).toBeInstanceOf(LocksStoppedError);
    expect(lock.held).toBe(false);
    expect(await lock.release()).toBe(false);
  });
});
