import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DepotConfigError } from '../../../lib/common/errors.js';
import type { AcquireOptions } from '../../../lib/lock/lock.options.js';
import { LockScene, TTL } from './lock.scene.js';

const INFINITE = Number.POSITIVE_INFINITY;

/** What plain JavaScript could hand over. */
const wrong = (options: object): AcquireOptions => options;

describe('options of a lock', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test.each<[AcquireOptions, RegExp]>([
    [{ ttl: 0 }, /^ttl is 0; expected/],
    [{ ttl: -1 }, /^ttl is -1/],
    [{ ttl: INFINITE }, /^ttl is Infinity/],
    [{ ttl: '366d' }, /^ttl is "366d"; expected 1 ms to 365d/],
    [wrong({ ttl: '10 s' }), /^ttl is "10 s"/],
    [{ wait: -1 }, /^wait is -1/],
    [{ wait: Number.NaN }, /^wait is NaN/],
    [wrong({ wait: '1 s' }), /^wait is "1 s"/],
    [wrong({ renew: 'no' }), /^renew is "no"; expected true or false/],
    [wrong({ mode: 'shared' }), /^mode is "shared"; expected 'read' or 'write'/],
    [wrong({ mode: null }), /^mode is null/],
    [{ permits: 0 }, /^permits is 0; expected a whole number from 1 to 999999/],
    [{ permits: 1.5 }, /^permits is 1.5/],
    [{ permits: 1_000_000 }, /^permits is 1000000/],
    [{ permits: INFINITE }, /^permits is Infinity/],
    [wrong({ permits: '5' }), /^permits is "5"/],
    [{ permits: 5, take: 0 }, /^take is 0; expected a whole number from 1 to 5/],
    [{ permits: 5, take: 6 }, /^take is 6/],
    [{ permits: 5, take: 1.5 }, /^take is 1.5/],
    [{ take: 2 }, /^take is 2 without permits/],
    [{ permits: 5, mode: 'read' }, /^mode is "read" beside permits/],
    [{ permits: 5, mode: 'write' }, /^mode is "write" beside permits/],
    [wrong({ within: 'lock' }), /^within is "lock"; expected a Lock or a LockSet/],
    [wrong({ within: null }), /^within is null/],
    [wrong({ timeout: 5 }), /^lock options has no option 'timeout'; there are: ttl, renew/],
  ])('%p are refused by name, and the engine is not asked', async (options, message) => {
    const refused = [
      scene.locks.acquire('k', options),
      scene.locks.acquire(['k', 'l'], options),
      scene.locks.run('k', options, () => undefined),
    ];
    for (const each of refused) {
      const error: unknown = await each.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DepotConfigError);
      expect(error).toHaveProperty('message', expect.stringMatching(message));
    }

    expect(scene.store.calls).toEqual([]);
  });

  test.each([[wrong([])], [null as unknown as AcquireOptions], ['10s' as unknown as AcquireOptions]])(
    'are no %p',
    async (options) => {
      await expect(scene.locks.acquire('k', options)).rejects.toThrow(/^lock options is/);
      await expect(scene.locks.tryAcquire('k', options)).rejects.toThrow(DepotConfigError);
    },
  );

  test.each([
    ['', /^lock key is empty/],
    ['x'.repeat(1_025), /1025 characters/],
    [7 as unknown as string, /^lock keys are 7/],
    [undefined as unknown as string, /^lock keys are undefined/],
    [[], /^lock keys are an empty array/],
    [['k', ''], /^lock key is empty/],
    [['k', 7 as unknown as string], /^lock key is 7/],
  ])('and the key %p is refused', async (key, message) => {
    for (const each of [scene.locks.acquire(key), scene.locks.tryAcquire(key)]) {
      const error: unknown = await each.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DepotConfigError);
      expect(error).toHaveProperty('message', expect.stringMatching(message));
    }
    expect(scene.store.calls).toEqual([]);
  });

  test.each(['inspect', 'isHeld', 'forceRelease'] as const)('%s refuses a bad key', async (method) => {
    await expect(scene.locks[method]('')).rejects.toThrow(/^lock key is empty/);
  });

  test.each([['k'], ['x'.repeat(1_024)], ['with white space'], ['{a}b'], ['\n'], ['žluťoučký']])(
    'and the key %p is taken',
    async (key) => {
      await scene.locks.run(key, {}, (lock) => expect(lock.key).toBe(key));
    },
  );

  test('left out: the ttl of the module, renewed', async () => {
    const lock = await scene.locks.acquire('k');
    expect(scene.store.claims[0]?.ttlMs).toBe(TTL);
    await scene.clock.advance(10 * TTL);

    expect(lock.held).toBe(true);
  });

  test('given as undefined are left out', async () => {
    const none = { ttl: undefined, wait: undefined, mode: undefined, signal: undefined };
    const lock = await scene.locks.acquire('k', wrong(none));

    expect(lock.permits).toBe(INFINITE);
  });

  test('a ttl is of at least one millisecond, and rounded up', async () => {
    await scene.locks.acquire('k', { ttl: 0.5, renew: false });

    expect(scene.store.claims[0]?.ttlMs).toBe(1);
  });
});
