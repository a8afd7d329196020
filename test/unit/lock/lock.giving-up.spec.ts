import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LockTimeoutError } from '../../../lib/lock/lock.errors.js';
import { settled } from '../../support/manual-clock.js';
import { LockScene, outcomeOf } from './lock.scene.js';

describe('who waits for a lock gives up', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test('with an error when its time is over, and leaves the queue', async () => {
    await scene.taken(60_000);
    const waiting = outcomeOf(scene.locks.acquire('k', { wait: '2s' }));
    await scene.clock.advance(1_999);
    expect(waiting.state).toBe('pending');
    await scene.clock.advance(1);

    expect(waiting.reason).toBeInstanceOf(LockTimeoutError);
    expect(waiting.reason).toMatchObject({ code: 'DEPOT_LOCK_TIMEOUT', key: 'k' });
    expect(waiting.reason).toHaveProperty('message', expect.stringContaining('2000 ms'));
    expect(await scene.engine.inspect('k')).toMatchObject({ waiters: 0 });
    await scene.given();
    expect(await scene.isFree()).toBe(true);
  });

  test('after ten seconds by default', async () => {
    await scene.taken(60_000);
    const waiting = outcomeOf(scene.locks.acquire('k'));
    await scene.clock.advance(9_999);
    expect(waiting.state).toBe('pending');
    await scene.clock.advance(1);

    expect(waiting.reason).toBeInstanceOf(LockTimeoutError);
  });

  test('in time although the engine does not answer', async () => {
    scene.store.slow('answers');
    const waiting = outcomeOf(scene.locks.acquire('k', { wait: '2s' }));
    await scene.clock.advance(2_000);

    expect(waiting.reason).toBeInstanceOf(LockTimeoutError);
  });

  test('when its signal aborts, and leaves the queue', async () => {
    await scene.taken(60_000);
    const abort = new AbortController();
    const waiting = outcomeOf(scene.locks.acquire('k', { wait: '1m', signal: abort.signal }));
    await settled();
    abort.abort(new Error('no longer needed'));
    await settled();

    expect(waiting.reason).toMatchObject({ message: 'no longer needed' });
    expect(await scene.engine.inspect('k')).toMatchObject({ waiters: 0 });
    await scene.given();
    expect(await scene.isFree()).toBe(true);
  });

  test('before it asks when its signal has aborted already', async () => {
    const signal = AbortSignal.abort(new Error('too late'));

    await expect(scene.locks.acquire('k', { signal })).rejects.toThrow('too late');
    await expect(scene.locks.acquire(['k', 'l'], { signal })).rejects.toThrow('too late');
    expect(scene.store.calls).toEqual([]);
  });

  test('and what it is granted too late is given back', async () => {
    const arrive = scene.store.slow('requests');
    const abort = new AbortController();
    const waiting = outcomeOf(scene.locks.acquire('k', { signal: abort.signal, ttl: '1h' }));
    await settled();
    abort.abort(new Error('no longer needed'));
    await settled();
    expect(waiting.state).toBe('rejected');
    expect(scene.store.calls).toEqual(['acquire']);
    arrive();
    await settled();

    expect(scene.store.calls).toEqual(['acquire', 'release']);
    expect(await scene.isFree()).toBe(true);
  });

  test('and gives back what it may have got when the answer is an error', async () => {
    const arrive = scene.store.slow('requests');
    scene.store.away = 'after';
    const abort = new AbortController();
    const waiting = outcomeOf(scene.locks.acquire('k', { signal: abort.signal, ttl: '1h' }));
    await settled();
    abort.abort();
    arrive();
    await settled();

    expect(waiting.state).toBe('rejected');
    expect(await scene.isFree()).toBe(true);
  });

  test('at whatever moment, and has the lock or leaves it free', async () => {
    const states = new Set<boolean>();
    for (let ticks = 0; ticks < 20; ticks++) {
      const abort = new AbortController();
      const asked = scene.locks.acquire('k', { signal: abort.signal }).catch(() => undefined);
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      abort.abort();
      const lock = await asked;
      await settled();

      states.add(lock === undefined);
      expect(await scene.isFree()).toBe(lock === undefined);
      await lock?.release();
    }

    expect(states.size).toBe(2);
  });

  test('at whatever moment of a hand-over, and has the lock or leaves it free', async () => {
    const states = new Set<boolean>();
    for (let ticks = 0; ticks < 20; ticks++) {
      await scene.taken();
      const abort = new AbortController();
      const asked = scene.locks.acquire('k', { signal: abort.signal }).catch(() => undefined);
      await settled();
      void scene.given();
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      abort.abort();
      const lock = await asked;
      await settled();

      states.add(lock === undefined);
      expect(await scene.isFree()).toBe(lock === undefined);
      await lock?.release();
    }

    expect(states.size).toBe(2);
  });

  test('and those behind it keep their places', async () => {
    await scene.taken();
    const abort = new AbortController();
    const first = outcomeOf(scene.locks.acquire('k', { wait: '1m', signal: abort.signal }));
    const others = [1, 2].map(() => outcomeOf(scene.locks.acquire('k', { wait: '1m' })));
    await settled();
    abort.abort();
    await scene.given();

    expect([first, ...others].map(({ state }) => state)).toEqual(['rejected', 'fulfilled', 'pending']);
  });

  test('and nobody listens to its signal afterwards', async () => {
    await scene.taken();
    const { signal } = new AbortController();
    const waiting = outcomeOf(scene.locks.acquire('k', { signal, wait: 100 }));
    await settled();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await scene.clock.advance(100);
    expect(waiting.state).toBe('rejected');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await scene.given();
    await scene.locks.acquire('k', { signal });

    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('as its signal says no more once the lock is granted', async () => {
    const abort = new AbortController();
    const lock = await scene.locks.acquire('k', { signal: abort.signal });
    abort.abort();
    await settled();

    expect(lock.held).toBe(true);
    expect(lock.signal.aborted).toBe(false);
  });
});
