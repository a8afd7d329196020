import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { LockLostError } from '../../../lib/lock/lock.errors.js';
import type { LockOptions } from '../../../lib/lock/lock.options.js';
import { LockScene, TTL } from './lock.scene.js';

describe('a lock within one that is held', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test('is the same lock, without a call', async () => {
    const outer = await scene.locks.acquire('k');
    const inner = await scene.locks.acquire('k', { within: outer });

    expect(inner).not.toBe(outer);
    expect(inner).toMatchObject({ key: 'k', owner: outer.owner, fencingToken: outer.fencingToken });
    expect(inner.signal).toBe(outer.signal);
    expect(await scene.locks.tryAcquire('k', { within: outer })).toMatchObject({ owner: outer.owner });
    expect(scene.store.calls).toEqual(['acquire']);
  });

  test('and not within one waits like anybody else', async () => {
    await scene.locks.acquire('k');

    expect(await scene.locks.tryAcquire('k')).toBeNull();
  });

  test.each([
    ['inner first', [1, 0]],
    ['outer first', [0, 1]],
  ])('is held until both are released: %s', async (_, order) => {
    const outer = await scene.locks.acquire('k');
    const handles = [outer, outer.again()];
    const [first, last] = order.map((at) => handles[at] ?? outer);

    expect(await first?.release()).toBe(true);
    expect(first?.held).toBe(false);
    expect(last?.held).toBe(true);
    expect(await first?.release()).toBe(true);
    expect(await scene.isFree()).toBe(false);
    await scene.clock.advance(5 * TTL);
    expect(last?.held).toBe(true);
    expect(await last?.release()).toBe(true);
    expect(await scene.isFree()).toBe(true);
  });

  test('is held in as many handles as there are', async () => {
    const outer = await scene.locks.acquire('k');
    const handles = Array.from({ length: 10 }, () => outer.again());
    const deeper = handles[3]?.again();
    for (const handle of [outer, ...handles]) await handle.release();
    expect(deeper?.held).toBe(true);
    expect(await scene.isFree()).toBe(false);
    await deeper?.release();

    expect(await scene.isFree()).toBe(true);
    expect(scene.store.calls).toEqual(['acquire', 'release']);
  });

  test('is extended with it', async () => {
    const outer = await scene.locks.acquire('k', { renew: false });
    const inner = outer.again();
    await inner.extend('1h');
    await scene.clock.advance(3_600_000 - 1);

    expect(outer.held).toBe(true);
  });

  test('is lost with it', async () => {
    const outer = await scene.locks.acquire('k');
    const inner = outer.again();
    await scene.engine.forceRelease('k');
    await scene.clock.advance(TTL / 3);

    expect([outer.held, inner.held]).toEqual([false, false]);
    expect(await inner.release()).toBe(false);
    expect(await outer.release()).toBe(false);
    expect(scene.losses).toHaveLength(1);
  });

  test('of another key is acquired as always', async () => {
    const outer = await scene.locks.acquire('k');
    const other = await scene.locks.acquire('other', { within: outer });
    await outer.release();

    expect(other.held).toBe(true);
    expect(other.owner).not.toBe(outer.owner);
    expect(scene.store.calls).toEqual(['acquire', 'acquire', 'release']);
  });

  test.each<[string, LockOptions, LockOptions]>([
    ['a reader within a writer', {}, { mode: 'read' }],
    ['a writer within a writer', { mode: 'write' }, {}],
    ['a reader within a reader', { mode: 'read' }, { mode: 'read' }],
    ['as many permits', { permits: 5, take: 2 }, { permits: 5, take: 2 }],
    ['fewer permits', { permits: 5, take: 2 }, { permits: 5 }],
  ])('may be %s', async (_, outside, inside) => {
    const outer = await scene.locks.acquire('k', outside);
    const inner = await scene.locks.acquire('k', { ...inside, within: outer });

    expect(inner.owner).toBe(outer.owner);
    expect(inner.permits).toBe(outer.permits);
  });

  test.each<[string, LockOptions, LockOptions]>([
    ['a writer within a reader', { mode: 'read' }, {}],
    ['more permits', { permits: 5 }, { permits: 5, take: 2 }],
    ['everything within a permit', { permits: 5, take: 5 }, {}],
  ])('may not be %s: that would wait for itself', async (_, outside, inside) => {
    const outer = await scene.locks.acquire('k', outside);
    const acquired = scene.locks.acquire('k', { ...inside, within: outer });

    await expect(acquired).rejects.toThrow(DepotConfigError);
    await expect(acquired).rejects.toThrow(/^Lock "?k"? is held with/);
    expect(outer.held).toBe(true);
    expect(scene.store.calls).toEqual(['acquire']);
  });

  test('that is released or lost is an error', async () => {
    const released = await scene.locks.acquire('k');
    const other = released.again();
    await released.release();
    await expect(scene.locks.acquire('k', { within: released })).rejects.toThrow(LockLostError);
    expect(() => released.again()).toThrow(LockLostError);
    expect(other.again().held).toBe(true);
    await scene.engine.forceRelease('k');
    await scene.clock.advance(TTL / 3);

    await expect(scene.locks.acquire('k', { within: other })).rejects.toThrow(LockLostError);
    await expect(scene.locks.tryAcquire('k', { within: other })).rejects.toThrow(LockLostError);
  });

  test('of several keys are those that are held, and the others besides', async () => {
    const outer = await scene.locks.acquire(['a', 'c']);
    const inner = await scene.locks.acquire(['a', 'b', 'c'], { within: outer });
    expect(scene.store.claims.map(({ key }) => key)).toEqual(['a', 'c', 'b']);
    expect(inner.get('a').owner).toBe(outer.get('a').owner);
    await outer.release();
    expect(inner.held).toBe(true);
    await inner.release();

    expect(await Promise.all(['a', 'b', 'c'].map((key) => scene.isFree(key)))).toEqual([true, true, true]);
  });

  test('of several keys, of which one is lost, leaves nothing behind', async () => {
    const outer = await scene.locks.acquire('b');
    await outer.release();

    await expect(scene.locks.acquire(['a', 'b'], { within: outer })).rejects.toThrow(LockLostError);
    expect(await scene.isFree('a')).toBe(true);
  });

  test('that is not granted in full leaves the outer one held', async () => {
    const outer = await scene.locks.acquire('a');
    await scene.taken(TTL, 'b');

    expect(await scene.locks.tryAcquire(['a', 'b'], { within: outer })).toBeNull();
    expect(outer.held).toBe(true);
    expect(await scene.isFree('a')).toBe(false);
    await outer.release();
    expect(await scene.isFree('a')).toBe(true);
  });

  test('passes from function to function', async () => {
    const { locks } = scene;
    const rename = (within: LockOptions['within']): Promise<string> =>
      locks.run('user:1', { within }, (lock) => lock.key);

    expect(await locks.run('user:1', {}, (lock) => rename(lock))).toBe('user:1');
    expect(await rename(undefined)).toBe('user:1');
    expect(await scene.isFree('user:1')).toBe(true);
  });
});
