import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DepotConfigError, EngineUnavailableError } from '../../../lib/common/errors.js';
import { LockLostError } from '../../../lib/lock/lock.errors.js';
import { settled } from '../../support/manual-clock.js';
import { LockScene, TTL, outcomeOf } from './lock.scene.js';

describe('a lock that is held', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test('renews itself at a third of its ttl', async () => {
    const lock = await scene.locks.acquire('k');
    await scene.clock.advance(TTL / 3 - 1);
    expect(scene.store.calls).toEqual(['acquire']);
    await scene.clock.advance(1);
    expect(scene.store.calls).toEqual(['acquire', 'extend']);
    await scene.clock.advance(10 * TTL);

    expect(lock.held).toBe(true);
    expect(scene.store.calls).toHaveLength(1 + 31);
    expect(await scene.isFree()).toBe(false);
  });

  test('is not renewed when it is not to be', async () => {
    await scene.locks.acquire('k', { renew: false });
    await scene.clock.advance(2 * TTL);

    expect(scene.store.calls).toEqual(['acquire']);
  });

  test('survives renewals that fail for less than its ttl', async () => {
    const lock = await scene.locks.acquire('k');
    await scene.clock.advance(TTL / 3);
    scene.store.away = 'before';
    await scene.clock.advance((TTL / 10) * 9);
    scene.store.away = 'no';
    await scene.clock.advance(10 * TTL);

    expect(lock.held).toBe(true);
    expect(scene.logger.warnings).toEqual([]);
  });

  test('survives renewals whose answers are lost', async () => {
    const lock = await scene.locks.acquire('k');
    scene.store.away = 'after';
    await scene.clock.advance((TTL / 10) * 9);
    scene.store.away = 'no';
    await scene.clock.advance(TTL);

    expect(lock.held).toBe(true);
  });

  test('tries again after a tenth of its ttl when a renewal has failed', async () => {
    await scene.locks.acquire('k');
    scene.store.away = 'before';
    await scene.clock.advance(TTL / 3);
    expect(scene.store.calls).toHaveLength(2);
    await scene.clock.advance(TTL / 10);
    expect(scene.store.calls).toHaveLength(3);
    scene.store.away = 'no';
    await scene.clock.advance(TTL / 10);
    expect(scene.store.calls).toHaveLength(4);
    await scene.clock.advance(TTL / 3 - 1);

    expect(scene.store.calls).toHaveLength(4);
  });

  test('has one renewal under way, however long that takes', async () => {
    await scene.locks.acquire('k');
    const arrive = scene.store.slow('answers');
    await scene.clock.advance(TTL - 1);
    expect(scene.store.calls).toEqual(['acquire', 'extend']);
    arrive();
    await settled();
  });

  describe('and extended', () => {
    test('lasts so long from now, and from every renewal', async () => {
      const lock = await scene.locks.acquire('k', { ttl: '3s' });
      await lock.extend('30s');
      await scene.clock.advance(10_000 - 1);
      expect(scene.store.calls).toEqual(['acquire', 'extend']);
      await scene.clock.advance(1);
      expect(scene.store.calls).toEqual(['acquire', 'extend', 'extend']);
      const [holder] = (await scene.engine.inspect('k')).holders;

      expect(holder?.until).toBe(scene.clock.now() + 30_000);
    });

    test('for less lasts so long, too', async () => {
      const lock = await scene.locks.acquire('k', { ttl: '30s', renew: false });
      await lock.extend('1s');
      await scene.clock.advance(1_000);

      expect(lock.held).toBe(false);
      expect(await scene.isFree()).toBe(true);
    });

    test.each(['after', 'before'] as const)(
      'for less is not held for longer than that, whoever heard of it (engine away: %s)',
      async (away) => {
        const lock = await scene.locks.acquire('k', { ttl: '30s', renew: false });
        scene.store.away = away;
        await expect(lock.extend('1s')).rejects.toThrow(EngineUnavailableError);
        await scene.clock.advance(999);
        expect(lock.held).toBe(true);
        await scene.clock.advance(1);

        expect(lock.held).toBe(false);
      },
    );

    test('for less is not held for longer than that while the answer is under way', async () => {
      const lock = await scene.locks.acquire('k', { ttl: '30s' });
      let told = 0;
      lock.signal.addEventListener('abort', () => told++);
      const arrive = scene.store.slow('answers');
      const extended = outcomeOf(lock.extend('1s'));
      await scene.clock.advance(1_000);
      expect(told).toBe(1);
      expect(await scene.isFree()).toBe(true);
      expect(lock.held).toBe(false);
      arrive();
      await settled();

      expect(extended.reason).toBeInstanceOf(LockLostError);
    });

    test('for less and refused an answer is renewed for what it had', async () => {
      const lock = await scene.locks.acquire('k', { ttl: '30s' });
      scene.store.away = 'before';
      await expect(lock.extend('1s')).rejects.toThrow(EngineUnavailableError);
      scene.store.away = 'no';
      await scene.clock.advance(9_000);

      expect(lock.held).toBe(true);
    });

    test('twice goes by the last one, whatever comes of it', async () => {
      const lock = await scene.locks.acquire('k', { ttl: '30s', renew: false });
      const arrive = scene.store.slow('answers');
      const longer = lock.extend('1h');
      const arriveLater = scene.store.slow('answers');
      const shorter = outcomeOf(lock.extend('1s'));
      arrive();
      await longer;
      await scene.clock.advance(1_000);
      expect(await scene.isFree()).toBe(true);

      expect(lock.held).toBe(false);
      expect(shorter.state).toBe('pending');
      arriveLater();
    });

    test('without a ttl lasts as long as before', async () => {
      const lock = await scene.locks.acquire('k', { renew: false });
      await scene.clock.advance(TTL - 1);
      await lock.extend();
      await scene.clock.advance(TTL - 1);

      expect(lock.held).toBe(true);
    });

    test('counts from before the question', async () => {
      const lock = await scene.locks.acquire('k', { renew: false });
      const arrive = scene.store.slow('answers');
      const extended = lock.extend('20s');
      await scene.clock.advance(5_000);
      arrive();
      await extended;
      await scene.clock.advance(15_000 - 1);
      expect(lock.held).toBe(true);
      await scene.clock.advance(1);

      expect(lock.held).toBe(false);
    });

    test('keeps what it was extended to when a renewal falls due meanwhile', async () => {
      const lock = await scene.locks.acquire('k', { ttl: '3s' });
      const arrive = scene.store.slow('answers');
      const extended = lock.extend('1h');
      await scene.clock.advance(1_500);
      arrive();
      await extended;
      await settled();
      const [holder] = (await scene.engine.inspect('k')).holders;

      expect(holder?.until).toBeGreaterThan(scene.clock.now() + 3_000_000);
      expect(scene.store.calls).toEqual(['acquire', 'extend']);
    });

    test('is renewed again when the question that came between has failed', async () => {
      const lock = await scene.locks.acquire('k', { ttl: '3s' });
      const arrive = scene.store.slow('answers');
      const extended = outcomeOf(lock.extend('1h'));
      await scene.clock.advance(1_500);
      scene.store.away = 'before';
      arrive();
      scene.store.away = 'after';
      await settled();
      scene.store.away = 'no';
      expect(extended.reason).toBeInstanceOf(EngineUnavailableError);
      await scene.clock.advance(1_400);

      expect(lock.held).toBe(true);
      expect(scene.store.calls.length).toBeGreaterThan(2);
    });

    test('with the engine away is an error, but it is held until its time is over', async () => {
      const lock = await scene.locks.acquire('k');
      scene.store.away = 'before';

      await expect(lock.extend('1m')).rejects.toThrow(EngineUnavailableError);
      expect(lock.held).toBe(true);
    });

    test('by what is no ttl is an error', async () => {
      const lock = await scene.locks.acquire('k');

      await expect(lock.extend(0)).rejects.toThrow(DepotConfigError);
      await expect(lock.extend('366d')).rejects.toThrow(/^ttl is "366d"/);
      expect(lock.held).toBe(true);
      expect(scene.store.calls).toEqual(['acquire']);
    });

    test('after its release is an error', async () => {
      const lock = await scene.locks.acquire('k');
      await lock.release();

      await expect(lock.extend()).rejects.toThrow(LockLostError);
      expect(scene.store.calls).toEqual(['acquire', 'release']);
    });

    test('too late is an error, and it is lost', async () => {
      const lock = await scene.locks.acquire('k');
      await scene.engine.forceRelease('k');
      await scene.taken();

      await expect(lock.extend()).rejects.toThrow(LockLostError);
      expect(lock.held).toBe(false);
      expect(lock.signal.reason).toBeInstanceOf(LockLostError);
    });

    test('and released before the answer is an error', async () => {
      const lock = await scene.locks.acquire('k');
      const arrive = scene.store.slow('requests');
      const extended = outcomeOf(lock.extend());
      const released = lock.release();
      arrive();
      expect(await released).toBe(true);

      expect(extended.reason).toBeInstanceOf(LockLostError);
      expect(await scene.isFree()).toBe(true);
    });
  });
});
