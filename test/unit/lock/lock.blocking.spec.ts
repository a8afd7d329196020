import { stat } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../lib/common/clock.js';
import { EmbeddedLockStore } from '../../../lib/engines/embedded/embedded-lock.store.js';
import { LockLostError } from '../../../lib/lock/lock.errors.js';
import { LockService } from '../../../lib/lock/lock.service.js';
import type { Lock } from '../../../lib/lock/lock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { FragileLockStore } from './fragile-lock.store.js';

/** So short that a test can wait for it, so long that no pause of the machine comes between two lines of one. */
const TTL = 60;

/** Nothing else runs for longer than that. */
function block(): void {
  const until = performance.now() + 2 * TTL;
  while (performance.now() < until);
}

/** The tests of this file block the event loop for real, since that is what no timer survives. */
describe('when the event loop was blocked for longer than the ttl', () => {
  let engine: EmbeddedLockStore;
  let store: FragileLockStore;
  let locks: LockService;
  let lock: Lock;

  beforeEach(async () => {
    engine = new EmbeddedLockStore(systemClock);
    store = new FragileLockStore(engine);
    locks = new LockService(store, { ttlMs: TTL }, systemClock, new RecordingLogger());
    lock = await locks.acquire('k');
  });

  afterEach(async () => {
    await locks.stop();
    engine.close();
  });

  test('the lock is not held', () => {
    block();

    expect(lock.held).toBe(false);
  });

  test('its signal has aborted, with the reason', () => {
    block();

    expect(lock.signal.aborted).toBe(true);
    expect(lock.signal.reason).toBeInstanceOf(LockLostError);
  });

  test.each<[string, (signal: AbortSignal) => unknown]>([
    ['aborted', (signal) => signal.aborted],
    ['reason', (signal) => signal.reason instanceof LockLostError],
    ['throwIfAborted', (signal) => thrownBy(() => signal.throwIfAborted()) instanceof LockLostError],
    ['AbortSignal.any', (signal) => AbortSignal.any([signal]).aborted],
    ['AbortSignal.any, its reason', (signal) => AbortSignal.any([signal]).reason instanceof LockLostError],
  ])('a signal that was kept from before tells the truth by %s', (_, ask) => {
    const { signal } = lock;
    block();

    expect(ask(signal)).toBe(true);
  });

  test('listeners are told as soon as anybody asks', () => {
    let told = 0;
    const combined = AbortSignal.any([lock.signal]);
    lock.signal.addEventListener('abort', () => told++);
    block();
    expect(told).toBe(0);
    expect(lock.held).toBe(false);

    expect(told).toBe(1);
    expect(combined.aborted).toBe(true);
  });

  test('the signal of several keys, kept from before, tells the truth', async () => {
    const set = await locks.acquire(['a', 'b']);
    const { signal } = set;
    block();

    expect(signal.aborted).toBe(true);
    expect(set.held).toBe(false);
    expect(() => set.signal.throwIfAborted()).toThrow(LockLostError);
  });

  test('what is asked in a microtask is true', async () => {
    const seen = Promise.resolve().then(() => lock.signal.aborted);
    block();

    expect(await seen).toBe(true);
  });

  test('what is asked by process.nextTick is true', async () => {
    const seen = new Promise((resolve) => process.nextTick(() => resolve(lock.held)));
    block();

    expect(await seen).toBe(false);
  });

  test('what is asked after a callback of the file system that blocked is true, before any timer', async () => {
    const { signal } = lock;
    const seen = await new Promise((resolve) => {
      stat('.', () => {
        block();
        // Comes before timers do.
        setImmediate(() => resolve([lock.held, signal.aborted]));
      });
    });

    expect(seen).toEqual([false, true]);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['extended', () => lock.extend('1h')],
    ['acquired once more', () => locks.acquire('k', { within: lock })],
    ['acquired once more without waiting', () => locks.tryAcquire('k', { within: lock })],
  ])('it can not be %s, and the engine is not asked', async (_, act) => {
    block();
    const before = store.calls.length;

    await expect(act()).rejects.toThrow(LockLostError);
    expect(store.calls.length).toBe(before);
    expect(() => lock.again()).toThrow(LockLostError);
  });

  test('its release says that it was lost', async () => {
    block();

    expect(await lock.release()).toBe(false);
  });

  test('while it was being acquired, it is acquired again', async () => {
    const arrive = store.slow('answers');
    const asked = locks.acquire('other');
    block();
    arrive();
    const other = await asked;

    expect(store.calls.filter((name) => name === 'acquire')).toHaveLength(3);
    expect(other.key).toBe('other');
  });

  test('while it was handed over, it is acquired again', async () => {
    await lock.release();
    const first = await locks.acquire('k', { ttl: '1m' });
    const asked = locks.acquire('k', { wait: '5s' });
    await new Promise(setImmediate);
    store.deaf = true;
    await first.release();
    block();
    store.deaf = false;
    store.tell();
    await asked;

    expect(store.calls.filter((name) => name === 'acquire')).toHaveLength(4);
  });
});

function thrownBy(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
