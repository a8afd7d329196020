import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LockLostError, LockTimeoutError } from '../../../lib/lock/lock.errors.js';
import type { Lock } from '../../../lib/lock/lock.js';
import { settled } from '../../support/manual-clock.js';
import { LockScene, TTL, outcomeOf } from './lock.scene.js';

describe('run', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test('gives what the work gives, and releases', async () => {
    const seen: Lock[] = [];
    const outcome = await scene.locks.run('k', { ttl: '30s' }, async (lock) => {
      seen.push(lock);
      expect(await scene.isFree()).toBe(false);
      return 'report';
    });

    expect(outcome).toBe('report');
    expect(seen[0]?.held).toBe(false);
    expect(await scene.isFree()).toBe(true);
  });

  test('takes a work that does not wait', async () => {
    expect(await scene.locks.run('k', {}, () => 7)).toBe(7);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('no luck'))],
    [
      'throws',
      () => {
        throw new Error('no luck');
      },
    ],
  ])('releases when the work %s', async (_, work) => {
    await expect(scene.locks.run('k', {}, work)).rejects.toThrow('no luck');
    expect(await scene.isFree()).toBe(true);
  });

  test('gives the outcome although the lock can not be released', async () => {
    const outcome = scene.locks.run('k', {}, () => {
      scene.store.away = 'before';
      return 'report';
    });

    expect(await outcome).toBe('report');
  });

  test('tells the work that the lock is lost', async () => {
    const outcome = scene.locks.run('k', { renew: false }, async (lock) => {
      await scene.clock.advance(TTL);
      lock.signal.throwIfAborted();
    });

    await expect(outcome).rejects.toThrow(LockLostError);
  });

  test('gives the outcome of a work that did not ask, although the lock was lost', async () => {
    const outcome = scene.locks.run('k', { renew: false }, async () => {
      await scene.clock.advance(TTL);
      return 'report';
    });

    expect(await outcome).toBe('report');
    expect(scene.losses).toHaveLength(1);
  });

  test('does not begin when the lock is not granted', async () => {
    await scene.taken(60_000);
    let ran = false;
    const outcome = outcomeOf(scene.locks.run('k', { wait: '1s' }, () => (ran = true)));
    await scene.clock.advance(1_000);

    expect(outcome.reason).toBeInstanceOf(LockTimeoutError);
    expect(ran).toBe(false);
  });

  test('excludes everybody else, whatever the order of events', async () => {
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        scene.locks.run(`k${n % 3}`, { wait: '1m' }, async () => {
          if (n % 3 === 0) most = Math.max(most, ++inside);
          await settled();
          if (n % 3 === 0) inside--;
        }),
      ),
    );

    expect(most).toBe(1);
  });
});
