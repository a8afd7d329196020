import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { settled } from '../../support/manual-clock.js';
import { LockScene, TTL, outcomeOf } from './lock.scene.js';

describe('a lock that others look at', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test("is nobody's, then somebody's, and nobody's again", async () => {
    expect(await scene.locks.inspect('k')).toBeNull();
    expect(await scene.locks.isHeld('k')).toBe(false);
    const lock = await scene.locks.acquire('k');
    expect(await scene.process().locks.isHeld('k')).toBe(true);
    expect(await scene.locks.isHeld('other')).toBe(false);
    await lock.release();

    expect(await scene.locks.inspect('k')).toBeNull();
    expect(await scene.locks.isHeld('k')).toBe(false);
  });

  test('shows who has it, since when, until when, and how many wait', async () => {
    const since = new Date(scene.clock.now());
    const lock = await scene.locks.acquire('k', { ttl: '9s' });
    await scene.clock.advance(3_000);
    for (let n = 0; n < 3; n++) void scene.locks.acquire('k', { wait: '1m' }).catch(() => undefined);
    await settled();
    const holder = {
      owner: lock.owner,
      fencingToken: lock.fencingToken,
      permits: Number.POSITIVE_INFINITY,
      since,
      until: new Date(since.getTime() + 12_000),
    };

    expect(await scene.process().locks.inspect('k')).toEqual({
      key: 'k',
      ...holder,
      holders: [holder],
      waiters: 3,
    });
  });

  test('shows all who have it, the first one first', async () => {
    const first = await scene.locks.acquire('k', { mode: 'read' });
    await scene.clock.advance(1);
    const second = await scene.locks.acquire('k', { mode: 'read' });
    const shown = await scene.locks.inspect('k');

    expect(shown?.holders.map(({ owner }) => owner)).toEqual([first.owner, second.owner]);
    expect(shown).toMatchObject({ owner: first.owner, permits: 1, waiters: 0 });
  });

  test("is nobody's when its time is over", async () => {
    await scene.locks.acquire('k', { renew: false });
    await scene.clock.advance(TTL);

    expect(await scene.locks.isHeld('k')).toBe(false);
  });

  test('can not be looked at while the engine is away', async () => {
    scene.store.away = 'before';

    await expect(scene.locks.inspect('k')).rejects.toThrow(EngineUnavailableError);
    await expect(scene.locks.isHeld('k')).rejects.toThrow(EngineUnavailableError);
    await expect(scene.locks.forceRelease('k')).rejects.toThrow(EngineUnavailableError);
  });

  describe('and is taken from its holder', () => {
    test('says whether anybody had it', async () => {
      expect(await scene.locks.forceRelease('k')).toBe(false);
      await scene.locks.acquire('k');

      expect(await scene.process().locks.forceRelease('k')).toBe(true);
      expect(await scene.locks.isHeld('k')).toBe(false);
    });

    test('goes to who waits, with a greater token', async () => {
      const lock = await scene.locks.acquire('k');
      const waiting = outcomeOf(scene.locks.acquire('k', { wait: '1m' }));
      await settled();
      await scene.locks.forceRelease('k');
      await settled();

      expect(waiting.value?.fencingToken).toBeGreaterThan(lock.fencingToken);
    });

    test('shows at the next renewal, after a third of the ttl at most', async () => {
      const lock = await scene.locks.acquire('k');
      await scene.locks.forceRelease('k');
      await scene.clock.advance(TTL / 3 - 1);
      expect(lock.held).toBe(true);
      await scene.clock.advance(1);

      expect(lock.held).toBe(false);
      expect(lock.signal.aborted).toBe(true);
      expect(scene.losses).toHaveLength(1);
    });

    test('is not given back by who had it', async () => {
      const lock = await scene.locks.acquire('k');
      await scene.locks.forceRelease('k');
      const next = await scene.locks.acquire('k');

      expect(await lock.release()).toBe(false);
      expect(next.held).toBe(true);
      expect(await scene.isFree()).toBe(false);
    });

    test('is taken from all of them', async () => {
      const readers = [
        await scene.locks.acquire('k', { mode: 'read' }),
        await scene.locks.acquire('k', { mode: 'read' }),
      ];
      await scene.locks.forceRelease('k');

      expect(await scene.isFree()).toBe(true);
      expect(await Promise.all(readers.map((lock) => lock.release()))).toEqual([false, false]);
    });
  });

  test('has tokens that grow through everything', async () => {
    const tokens: number[] = [];
    const grant = async (renew = true): Promise<void> => {
      const lock = await scene.locks.acquire('k', { renew });
      tokens.push(lock.fencingToken);
    };
    await grant();
    await scene.locks.forceRelease('k');
    await grant(false);
    await scene.clock.advance(TTL);
    await grant();
    await scene.locks.forceRelease('k');
    // Everything is forgotten, but the clock goes on.
    await scene.clock.advance(1);
    scene.engine.close();
    await grant();

    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    expect(tokens).toHaveLength(4);
  });
});
