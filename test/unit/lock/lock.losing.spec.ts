import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { LockLostError } from '../../../lib/lock/lock.errors.js';
import { settled } from '../../support/manual-clock.js';
import { LockScene, TTL, claimOf } from './lock.scene.js';

describe('a lock is lost', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test('when its time is over, if it may not renew itself', async () => {
    const lock = await scene.locks.acquire('k', { renew: false });
    await scene.clock.advance(TTL - 1);
    expect(lock.held).toBe(true);
    expect(lock.signal.aborted).toBe(false);
    await scene.clock.advance(1);

    expect(lock.held).toBe(false);
    expect(lock.signal.reason).toBeInstanceOf(LockLostError);
    expect(lock.signal.reason).toMatchObject({ code: 'DEPOT_LOCK_LOST', key: 'k' });
    expect(await scene.isFree()).toBe(true);
  });

  test('when somebody else has it, as the next renewal shows', async () => {
    const lock = await scene.locks.acquire('k');
    const reasons: unknown[] = [];
    lock.signal.addEventListener('abort', () => reasons.push(lock.signal.reason));
    // An operator's doing, or a Redis that lost its data.
    await scene.engine.forceRelease('k');
    await scene.taken();
    await scene.clock.advance(TTL / 3 - 1);
    expect(reasons).toEqual([]);
    await scene.clock.advance(1);

    expect(reasons).toEqual([expect.any(LockLostError)]);
    expect(await lock.release()).toBe(false);
    expect(await scene.isFree()).toBe(false);
  });

  test('when renewals fail for its whole ttl, and names the cause', async () => {
    const lock = await scene.locks.acquire('k');
    await scene.clock.advance(TTL / 3);
    scene.store.away = 'before';
    await scene.clock.advance(TTL - 1);
    expect(lock.held).toBe(true);
    await scene.clock.advance(1);

    expect(lock.held).toBe(false);
    expect(lock.signal.reason).toHaveProperty('cause', expect.any(EngineUnavailableError));
  });

  test('in time although a renewal hangs, whatever the engine says later', async () => {
    const lock = await scene.locks.acquire('k');
    let told = 0;
    lock.signal.addEventListener('abort', () => told++);
    const arrive = scene.store.slow('answers');
    await scene.clock.advance(TTL - 1);
    expect(told).toBe(0);
    await scene.clock.advance(1);
    // Nobody has asked: a timer says so.
    expect(told).toBe(1);
    expect(scene.losses).toHaveLength(1);
    arrive();
    await settled();

    expect(lock.held).toBe(false);
    expect(lock.signal.aborted).toBe(true);
  });

  test('and names no cause that was over before', async () => {
    const lock = await scene.locks.acquire('k');
    scene.store.away = 'before';
    await scene.clock.advance(TTL / 3);
    scene.store.away = 'no';
    await scene.clock.advance(TTL / 10);
    const arrive = scene.store.slow('answers');
    await scene.clock.advance(TTL);
    expect(lock.signal.aborted).toBe(true);
    expect(lock.signal.reason).not.toHaveProperty('cause');
    arrive();
  });

  test.each(['renewal', 'extension'])('and the %s that comes too late keeps it from nobody', async (what) => {
    const lock = await scene.locks.acquire('k', { renew: what === 'renewal' });
    await scene.clock.advance(TTL / 3 - 1);
    const arrive = scene.store.slow('requests');
    if (what === 'extension') lock.extend('1h').catch(() => undefined);
    // The clock of the engine is behind: to it the lock is still held.
    const [claim = claimOf('nobody')] = scene.store.claims;
    const late = scene.engine.extend(claim, 2 * TTL);
    expect(await late).toBe(true);
    await scene.clock.advance((TTL * 2) / 3 + 1);
    expect(lock.held).toBe(false);
    arrive();
    await settled();

    expect(await scene.isFree()).toBe(true);
  });

  test('and logged once, with its key', async () => {
    const lock = await scene.locks.acquire('stock:42');
    scene.store.away = 'before';
    await scene.clock.advance(TTL);
    expect(lock.signal.aborted).toBe(true);
    expect(lock.held).toBe(false);
    await lock.release();
    await expect(lock.extend()).rejects.toThrow(LockLostError);
    await scene.clock.advance(10 * TTL);

    expect(scene.losses).toEqual([
      expect.stringMatching(/stock:42.* is lost: it could not be renewed in time/),
    ]);
  });

  test('without a word when nobody is told of it but who asks', async () => {
    const lock = await scene.locks.acquire('k');
    await scene.engine.forceRelease('k');

    await expect(lock.extend()).rejects.toThrow(LockLostError);
    expect(scene.losses).toEqual([]);
  });

  test('and is released without harm to who has it now', async () => {
    const lock = await scene.locks.acquire('k', { renew: false });
    await scene.clock.advance(TTL);
    await scene.taken();

    expect(await lock.release()).toBe(false);
    expect(await lock.release()).toBe(false);
    expect(await scene.isFree()).toBe(false);
  });

  test('and all who asked to be told are told, once each', async () => {
    const lock = await scene.locks.acquire('k', { renew: false });
    const told: string[] = [];
    const { signal } = lock;
    signal.addEventListener('abort', () => told.push('one'));
    lock.signal.addEventListener('abort', () => told.push('two'), { once: true });
    AbortSignal.any([signal]).addEventListener('abort', () => told.push('any'));
    await scene.clock.advance(TTL);
    expect(lock.signal.aborted).toBe(true);

    expect(told.sort()).toEqual(['any', 'one', 'two']);
    expect(lock.signal).toBe(signal);
  });

  test('and its signal, asked for only afterwards, has aborted', async () => {
    const lock = await scene.locks.acquire('k', { renew: false });
    await scene.clock.advance(TTL);

    expect(lock.signal.aborted).toBe(true);
    expect(() => lock.signal.throwIfAborted()).toThrow(LockLostError);
    expect(lock.signal.reason).toBeInstanceOf(LockLostError);
  });

  test('and its signal is one that everything takes', async () => {
    const lock = await scene.locks.acquire('k', { renew: false });
    const { signal } = lock;
    expect(signal).toBeInstanceOf(AbortSignal);
    const target = new EventTarget();
    let heard = 0;
    target.addEventListener('tick', () => heard++, { signal });
    target.dispatchEvent(new Event('tick'));
    await scene.clock.advance(TTL);
    target.dispatchEvent(new Event('tick'));

    expect(heard).toBe(1);
  });
});
