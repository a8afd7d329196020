import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DepotConfigError, EngineUnavailableError } from '../../../lib/common/errors.js';
import { LockLostError, LockTimeoutError } from '../../../lib/lock/lock.errors.js';
import { LockSet } from '../../../lib/lock/lock.set.js';
import { settled } from '../../support/manual-clock.js';
import { LockScene, TTL, outcomeOf } from './lock.scene.js';

describe('locks of several keys', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  const free = (...keys: string[]): Promise<boolean[]> => Promise.all(keys.map((key) => scene.isFree(key)));

  test('are acquired in one order, each once', async () => {
    const set = await scene.locks.acquire(['b', 'c', 'a', 'b']);

    expect(set).toBeInstanceOf(LockSet);
    expect(set.keys).toEqual(['a', 'b', 'c']);
    expect(set.locks.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(scene.store.claims.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    expect(set.held).toBe(true);
    expect(await free('a', 'b', 'c')).toEqual([false, false, false]);
  });

  test('of one key are a set, too', async () => {
    const set = await scene.locks.acquire(['k']);

    expect(set.keys).toEqual(['k']);
    expect(await set.release()).toBe(true);
    expect(await scene.isFree()).toBe(true);
  });

  test('have a token each, and are found by key', async () => {
    const set = await scene.locks.acquire(['a', 'b']);

    expect(set.get('a').fencingToken).toBeGreaterThan(0);
    expect(set.get('b').key).toBe('b');
    expect(set.find('a')).toBe(set.locks[0]);
    expect(set.find('c')).toBeUndefined();
    expect(() => set.get('c')).toThrow(DepotConfigError);
    expect(() => set.get('c')).toThrow(/"?c"? is none of the keys that are held: a, b/);
  });

  test('are released together', async () => {
    const set = await scene.locks.acquire(['a', 'b']);

    expect(await set.release()).toBe(true);
    expect(await set.release()).toBe(true);
    expect(set.held).toBe(false);
    expect(set.signal.aborted).toBe(false);
    expect(await free('a', 'b')).toEqual([true, true]);
  });

  test('are released at the end of their scope', async () => {
    {
      await using set = await scene.locks.acquire(['a', 'b']);
      expect(set.held).toBe(true);
    }

    expect(await free('a', 'b')).toEqual([true, true]);
  });

  test('are extended together', async () => {
    const set = await scene.locks.acquire(['a', 'b'], { renew: false });
    await set.extend('1h');
    await scene.clock.advance(3_600_000 - 1);

    expect(set.held).toBe(true);
  });

  test('are not extended when one of them is lost', async () => {
    const set = await scene.locks.acquire(['a', 'b']);
    await scene.engine.forceRelease('b');

    await expect(set.extend()).rejects.toThrow(LockLostError);
    expect(set.held).toBe(false);
  });

  test('abort their signal when one of them is lost, and say so when released', async () => {
    const set = await scene.locks.acquire(['a', 'b']);
    const { signal } = set;
    expect(signal.aborted).toBe(false);
    await scene.engine.forceRelease('b');
    await scene.clock.advance(TTL / 3);

    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: 'DEPOT_LOCK_LOST', key: 'b' });
    expect(set.signal).toBe(signal);
    expect(set.get('a').signal.aborted).toBe(false);
    expect(await set.release()).toBe(false);
    expect(await free('a', 'b')).toEqual([true, true]);
  });

  test('whose signal is asked for only afterwards have an aborted one', async () => {
    const set = await scene.locks.acquire(['a', 'b'], { renew: false });
    await scene.clock.advance(TTL);

    expect(set.signal.aborted).toBe(true);
    expect(set.signal.reason).toBeInstanceOf(LockLostError);
  });

  test('are none when one is taken and it is not waited for', async () => {
    await scene.taken(TTL, 'b');

    expect(await scene.locks.tryAcquire(['a', 'b', 'c'])).toBeNull();
    await expect(scene.locks.acquire(['a', 'b', 'c'], { wait: 0 })).rejects.toThrow(LockTimeoutError);
    expect(await free('a', 'b', 'c')).toEqual([true, false, true]);
    await scene.given('b');
    expect(await scene.locks.tryAcquire(['a', 'b', 'c'])).toBeInstanceOf(LockSet);
  });

  test('are none when the wait is over, which is for all together', async () => {
    await scene.taken(60_000, 'a');
    await scene.taken(60_000, 'b');
    const asked = outcomeOf(scene.locks.acquire(['a', 'b'], { wait: '5s' }));
    await scene.clock.advance(3_000);
    await scene.given('a');
    await scene.clock.advance(1_999);
    expect(asked.state).toBe('pending');
    expect(await free('a')).toEqual([false]);
    await scene.clock.advance(1);
    await settled();

    expect(asked.reason).toBeInstanceOf(LockTimeoutError);
    expect(asked.reason).toMatchObject({ key: 'b', message: expect.stringContaining('within 5000 ms') });
    expect(await free('a', 'b')).toEqual([true, false]);
  });

  test('are none when the signal aborts', async () => {
    await scene.taken(60_000, 'b');
    const abort = new AbortController();
    const asked = outcomeOf(scene.locks.acquire(['a', 'b'], { signal: abort.signal }));
    await settled();
    expect(await free('a')).toEqual([false]);
    abort.abort(new Error('no longer needed'));
    await settled();

    expect(asked.reason).toMatchObject({ message: 'no longer needed' });
    await scene.given('b');
    expect(await free('a', 'b')).toEqual([true, true]);
  });

  test('are none when the engine goes away in between', async () => {
    const arrive = scene.store.slow('answers');
    const asked = outcomeOf(scene.locks.acquire(['a', 'b']));
    await settled();
    scene.store.away = 'no';
    arrive();
    scene.store.away = 'after';
    await settled();
    scene.store.away = 'no';
    await settled();

    expect(asked.reason).toBeInstanceOf(EngineUnavailableError);
    await scene.clock.advance(TTL);
    expect(await free('a', 'b')).toEqual([true, true]);
  });

  test('are released when the work under them throws', async () => {
    const work = (): never => {
      throw new Error('no luck');
    };

    await expect(scene.locks.run(['a', 'b'], {}, work)).rejects.toThrow('no luck');
    expect(await free('a', 'b')).toEqual([true, true]);
  });

  test('are handed to the work', async () => {
    const keys = await scene.locks.run(['b', 'a'], {}, (set) => set.locks.map(({ key }) => key));

    expect(keys).toEqual(['a', 'b']);
  });

  test('are held in the way that is asked for', async () => {
    const readers = await scene.locks.acquire(['a', 'b'], { mode: 'read' });

    expect(await scene.locks.tryAcquire(['a', 'b'], { mode: 'read' })).not.toBeNull();
    expect(await scene.locks.tryAcquire('b')).toBeNull();
    expect(readers.get('a').permits).toBe(1);
  });

  test('renew those that are held already while the rest is waited for', async () => {
    await scene.taken(60_000, 'b');
    const asked = scene.locks.acquire(['a', 'b'], { ttl: '3s', wait: '1m' });
    await scene.clock.advance(50_000);
    await scene.given('b');
    const set = await asked;

    expect(set.held).toBe(true);
  });
});
