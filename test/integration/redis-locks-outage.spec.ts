import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EngineUnavailableError } from '../../lib/common/errors.js';
import { LockLostError, LockTimeoutError } from '../../lib/lock/lock.errors.js';
import type { Lock } from '../../lib/lock/lock.js';
import { eventually } from '../support/eventually.js';
import { RedisLockScene, type LockProcess } from './redis-locks.scene.js';

describe('locks while Redis is not there', () => {
  let scene: RedisLockScene;
  let one: LockProcess;
  let two: LockProcess;

  beforeEach(async () => {
    scene = await RedisLockScene.start();
    one = await scene.process('one');
    two = await scene.process('two');
  });

  afterEach(() => scene.close());

  /** Why a lock was lost. */
  const loss = ({ signal }: Lock): Promise<unknown> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve(signal.reason);
      else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
    });

  describe('because it was killed', () => {
    test('are refused in bounded time, and granted when it is back', async () => {
      await scene.server.kill();
      const began = performance.now();
      const asked = [one.locks.acquire('k'), one.locks.tryAcquire('k'), one.locks.isHeld('k')];
      for (const each of await Promise.allSettled(asked)) {
        expect(each).toMatchObject({ status: 'rejected', reason: expect.any(EngineUnavailableError) });
      }
      expect(performance.now() - began).toBeLessThan(2_000);
      await scene.server.start();

      await eventually(async () => expect(await one.locks.run('k', {}, () => 'done')).toBe('done'));
    });

    test('are waited for no longer than was said', async () => {
      await one.locks.acquire('k');
      const waiting = two.locks.acquire('k', { wait: 1_500 });
      waiting.catch(() => undefined);
      await scene.waiting(two.locks, 1);
      await scene.server.kill();

      await expect(waiting).rejects.toThrow(LockTimeoutError);
    });

    test('are lost when their time is over, with a reason, and not before', async () => {
      const asked = performance.now();
      const lock = await one.locks.acquire('k', { ttl: 600 });
      await scene.server.kill();
      const reason = await loss(lock);
      const after = performance.now() - asked;

      expect(reason).toBeInstanceOf(LockLostError);
      expect(after).toBeGreaterThanOrEqual(599);
      expect(lock.held).toBe(false);
      expect(await lock.release()).toBe(false);
    });

    test('are given up without a failure', async () => {
      const lock = await one.locks.acquire('k', { ttl: '1h' });
      await scene.server.kill();

      expect(await lock.release()).toBe(false);
      expect(lock.signal.aborted).toBe(false);
      expect(one.logger.warnings).toContainEqual(expect.stringMatching(/Lock k could not be released/));
    });
  });

  describe('because it starts again without its data', () => {
    test('are lost, and granted to one who waited', async () => {
      const lock = await one.locks.acquire('k', { ttl: 900 });
      const waiting = two.locks.acquire('k', { wait: '10s' });
      await scene.waiting(two.locks, 1);
      await scene.server.restart();
      const next = await waiting;

      expect(await loss(lock)).toBeInstanceOf(LockLostError);
      expect(next.fencingToken).toBeGreaterThan(lock.fencingToken);
      expect(await lock.release()).toBe(false);
      expect(next.held).toBe(true);
    });

    test('serve all who waited, one at a time', async () => {
      await one.locks.acquire('k', { ttl: 300, renew: false });
      let inside = 0;
      let most = 0;
      const waiting = Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? one : two).locks.run('k', { wait: '20s' }, async () => {
          most = Math.max(most, ++inside);
          await new Promise(setImmediate);
          inside--;
        }),
      );
      await scene.waiting(one.locks, 20);
      await scene.server.restart();
      await Promise.all(waiting);

      expect(most).toBe(1);
    });
  });

  describe('because it was emptied', () => {
    test('are lost at the next renewal, and granted to one who waited', async () => {
      const lock = await one.locks.acquire('k', { ttl: 900 });
      const waiting = two.locks.acquire('k', { wait: '10s' });
      await scene.waiting(two.locks, 1);
      await scene.server.command('FLUSHALL');
      const next = await waiting;

      expect(await loss(lock)).toBeInstanceOf(LockLostError);
      expect(next.fencingToken).toBeGreaterThan(lock.fencingToken);
      expect(next.held).toBe(true);
    });

    test('work on although its scripts are gone', async () => {
      await one.locks.run('k', {}, () => undefined);
      await scene.server.command('SCRIPT FLUSH');

      expect(await one.locks.run('k', {}, () => 'done')).toBe('done');
    });
  });

  describe('because it hangs', () => {
    afterEach(() => scene.server.resume());

    test('are waited for no longer than was said', async () => {
      await one.locks.acquire('k', { ttl: 200, renew: false });
      const waiting = two.locks.acquire('k', { wait: 600 });
      waiting.catch(() => undefined);
      await scene.waiting(two.locks, 1);
      scene.server.pause();
      const began = performance.now();

      await expect(waiting).rejects.toThrow(LockTimeoutError);
      expect(performance.now() - began).toBeLessThan(1_000);
    });

    test('are refused within the time of a command', async () => {
      await one.locks.run('k', {}, () => undefined);
      scene.server.pause();
      const began = performance.now();

      await expect(one.locks.tryAcquire('k')).rejects.toThrow(EngineUnavailableError);
      expect(performance.now() - began).toBeLessThan(2_500);
    });

    test('are lost in time, and free for others when it goes on', async () => {
      const asked = performance.now();
      const lock = await one.locks.acquire('k', { ttl: 500 });
      scene.server.pause();
      const reason = await loss(lock);
      const after = performance.now() - asked;
      scene.server.resume();

      expect(reason).toBeInstanceOf(LockLostError);
      expect(after).toBeGreaterThanOrEqual(499);
      expect(after).toBeLessThan(1_500);
      await expect(two.locks.run('k', { wait: '5s' }, () => 'served')).resolves.toBe('served');
    });

    test('do not keep a service from stopping', async () => {
      await one.locks.acquire('k', { ttl: '1h' });
      const lock = await one.locks.acquire('other', { ttl: '1h' });
      scene.server.pause();
      void lock.release();
      const began = performance.now();
      await one.locks.stop();

      expect(performance.now() - began).toBeLessThan(2_500);
    });
  });
});
