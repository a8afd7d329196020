import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { LockLostError, LockTimeoutError } from '../../../lib/lock/lock.errors.js';
import { settled } from '../../support/manual-clock.js';
import { LockScene, TTL, outcomeOf } from './lock.scene.js';

describe('LockService', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  describe('tryAcquire', () => {
    test('gives a free lock and null for one that is taken', async () => {
      const { locks } = scene;
      const lock = await locks.tryAcquire('k');

      expect(lock?.held).toBe(true);
      expect(await locks.tryAcquire('k')).toBeNull();
      expect(await locks.tryAcquire('other')).not.toBeNull();
      await lock?.release();
      expect(await locks.tryAcquire('k')).not.toBeNull();
    });

    test('rejects when the engine can not be asked, and takes back what it may have got', async () => {
      scene.store.away = 'after';
      const asked = scene.locks.tryAcquire('k', { ttl: '1h' });
      await expect(asked).rejects.toThrow(EngineUnavailableError);
      scene.store.away = 'no';
      await settled();

      expect(await scene.isFree()).toBe(true);
    });

    test('gives no lock when the answer comes after its ttl, and none of it is left', async () => {
      const arrive = scene.store.slow('answers');
      const asked = outcomeOf(scene.locks.tryAcquire('k', { ttl: 1_000 }));
      await scene.clock.advance(1_000);
      arrive();
      await settled();

      expect(asked.reason).toBeInstanceOf(LockLostError);
      expect(scene.store.calls).toEqual(['tryAcquire', 'release']);
    });

    test('counts the ttl from before the question', async () => {
      const arrive = scene.store.slow('answers');
      const asked = scene.locks.tryAcquire('k', { ttl: 1_000, renew: false });
      await scene.clock.advance(999);
      arrive();
      const lock = await asked;
      expect(lock?.held).toBe(true);
      await scene.clock.advance(1);

      expect(lock?.held).toBe(false);
    });
  });

  describe('acquire', () => {
    test('gives a free lock at once, by one call', async () => {
      const lock = await scene.locks.acquire('k');

      expect(lock.key).toBe('k');
      expect(lock.owner).toMatch(/^\S+$/);
      expect(lock.fencingToken).toBeGreaterThan(0);
      expect(lock.permits).toBe(Number.POSITIVE_INFINITY);
      expect(lock.signal.aborted).toBe(false);
      expect(scene.store.calls).toEqual(['acquire']);
    });

    test('gives every grant a greater token and another owner', async () => {
      const first = await scene.locks.acquire('k');
      await first.release();
      const second = await scene.locks.acquire('k');

      expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
      expect(second.owner).not.toBe(first.owner);
    });

    test('counts the ttl from before the question', async () => {
      const arrive = scene.store.slow('answers');
      const asked = scene.locks.acquire('k', { ttl: 1_000, renew: false });
      await scene.clock.advance(400);
      arrive();
      const lock = await asked;
      await scene.clock.advance(599);
      expect(lock.held).toBe(true);
      await scene.clock.advance(1);

      expect(lock.held).toBe(false);
    });

    test('asks again when the answer comes after the ttl', async () => {
      const arrive = scene.store.slow('answers');
      const asked = scene.locks.acquire('k', { ttl: 1_000 });
      await scene.clock.advance(1_000);
      arrive();
      const lock = await asked;

      expect(lock.held).toBe(true);
      expect(scene.store.calls).toEqual(['acquire', 'acquire']);
    });

    test('gives up in time when every answer comes after the ttl', async () => {
      let arrive = scene.store.slow('answers');
      const asked = outcomeOf(scene.locks.acquire('k', { ttl: 100, wait: 1_000 }));
      for (let n = 0; n < 10; n++) {
        expect(asked.state).toBe('pending');
        await scene.clock.advance(100);
        const next = scene.store.slow('answers');
        arrive();
        await settled();
        arrive = next;
      }
      arrive();
      await settled();

      expect(asked.reason).toBeInstanceOf(LockTimeoutError);
      expect(scene.store.calls).toEqual([...Array.from({ length: 10 }, () => 'acquire'), 'release']);
    });

    test('takes one try when it may not wait', async () => {
      await scene.taken();

      await expect(scene.locks.acquire('k', { wait: 0 })).rejects.toThrow(LockTimeoutError);
      expect(scene.store.calls).toEqual(['tryAcquire']);
      await scene.given();
      await expect(scene.locks.acquire('k', { wait: 0 })).resolves.toMatchObject({ key: 'k' });
    });
  });

  describe('with an engine that is away', () => {
    test('acquire rejects at once, and takes back what it may have got', async () => {
      scene.store.away = 'after';

      await expect(scene.locks.acquire('k', { ttl: '1h' })).rejects.toThrow(EngineUnavailableError);
      await settled();
      expect(await scene.isFree()).toBe(true);
    });

    test('what it may have got and can not give back ends by its ttl', async () => {
      scene.store.away = 'after';
      const arrive = scene.store.slow('answers');
      const asked = outcomeOf(scene.locks.acquire('k'));
      await settled();
      const giveBack = scene.store.slow('requests');
      arrive();
      await settled();
      scene.store.away = 'before';
      giveBack();
      await settled();
      expect(asked.reason).toBeInstanceOf(EngineUnavailableError);
      expect(await scene.isFree()).toBe(false);
      await scene.clock.advance(TTL);

      expect(await scene.isFree()).toBe(true);
      expect(scene.store.calls).toEqual(['acquire', 'release']);
    });

    test('whoever waits rides it out', async () => {
      await scene.taken(2_000);
      const waiting = outcomeOf(scene.locks.acquire('k', { wait: '1m' }));
      await settled();
      scene.store.away = 'before';
      await scene.clock.advance(10_000);
      expect(waiting.state).toBe('pending');
      scene.store.away = 'no';
      await scene.clock.advance(1_000);

      expect(waiting.state).toBe('fulfilled');
    });

    test('whoever waits asks about once a second', async () => {
      await scene.taken(2_000);
      void scene.locks.acquire('k', { wait: '1m' }).catch(() => undefined);
      await scene.clock.advance(2_000);
      scene.store.away = 'before';
      const before = scene.store.calls.length;
      await scene.clock.advance(30_000);

      expect(scene.store.calls.length - before).toBeGreaterThanOrEqual(28);
      expect(scene.store.calls.length - before).toBeLessThanOrEqual(61);
    });

    test('whoever waits gives up in time, and names the cause', async () => {
      await scene.taken(2_000);
      const waiting = outcomeOf(scene.locks.acquire('k', { wait: '5s' }));
      await settled();
      scene.store.away = 'before';
      await scene.clock.advance(5_000);

      expect(waiting.reason).toBeInstanceOf(LockTimeoutError);
      expect(waiting.reason).toHaveProperty('cause', expect.any(EngineUnavailableError));
    });
  });
});
