import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AcquireOptions } from '../../../lib/lock/lock.options.js';
import type { Lock } from '../../../lib/lock/lock.js';
import { settled } from '../../support/manual-clock.js';
import { random } from '../../support/random.js';
import { LockScene, TTL, outcomeOf, type Outcome } from './lock.scene.js';

const READ: AcquireOptions = { mode: 'read' };

describe('a lock that several may hold', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  const asks = async (options: AcquireOptions = {}): Promise<Outcome<Lock>> => {
    const asked = outcomeOf(scene.locks.acquire('k', { wait: '1m', ...options }));
    await settled();
    return asked;
  };

  const states = (asked: readonly Outcome<Lock>[]): string[] => asked.map(({ state }) => state);

  describe('by readers and a writer', () => {
    test('lets readers in together, each with a token of its own', async () => {
      const readers = [await asks(READ), await asks(READ), await asks(READ)];
      const tokens = readers.map(({ value }) => value?.fencingToken ?? 0);

      expect(states(readers)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
      expect(readers[0]?.value?.permits).toBe(1);
      expect(new Set(tokens).size).toBe(3);
      expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    });

    test('lets a writer in alone, after the last reader', async () => {
      const readers = [await asks(READ), await asks(READ)];
      const writer = await asks();
      await readers[0]?.value?.release();
      await settled();
      expect(writer.state).toBe('pending');
      await readers[1]?.value?.release();
      await settled();

      expect(writer.value?.held).toBe(true);
      expect(await scene.locks.tryAcquire('k', READ)).toBeNull();
    });

    test('lets no reader past a writer that waits', async () => {
      const first = await asks(READ);
      const writer = await asks();
      const later = await asks(READ);
      expect(states([writer, later])).toEqual(['pending', 'pending']);
      await first.value?.release();
      await settled();
      expect(states([writer, later])).toEqual(['fulfilled', 'pending']);
      await writer.value?.release();
      await settled();

      expect(later.state).toBe('fulfilled');
    });

    test('lets all readers in who stand before the next writer', async () => {
      const writer = await asks();
      const waiting = [await asks(READ), await asks(READ), await asks(), await asks(READ)];
      await writer.value?.release();
      await settled();

      expect(states(waiting)).toEqual(['fulfilled', 'fulfilled', 'pending', 'pending']);
    });

    test('serves a writer although readers come and go all the time', async () => {
      let current = await asks(READ);
      const writer = await asks();
      for (let n = 0; n < 20 && writer.state === 'pending'; n++) {
        const next = await asks(READ);
        await current.value?.release();
        await settled();
        current = next;
      }

      expect(writer.state).toBe('fulfilled');
    });

    test('lets those in who stood behind a writer that gave up', async () => {
      await asks(READ);
      const writer = await asks({ wait: 1_000 });
      const reader = await asks(READ);
      await scene.clock.advance(1_000);
      await settled();

      expect(states([writer, reader])).toEqual(['rejected', 'fulfilled']);
    });

    test('goes to the writer when a reader is lost', async () => {
      const reader = await asks({ ...READ, renew: false });
      const writer = await asks();
      await scene.clock.advance(TTL + 100);

      expect(reader.value?.held).toBe(false);
      expect(writer.value?.held).toBe(true);
    });
  });

  describe('as a semaphore', () => {
    test('lets so many in', async () => {
      const held = [await asks({ permits: 2 }), await asks({ permits: 2 })];
      const third = await asks({ permits: 2 });
      expect(states([...held, third])).toEqual(['fulfilled', 'fulfilled', 'pending']);
      expect(held[0]?.value?.permits).toBe(1);
      await held[1]?.value?.release();
      await settled();

      expect(third.state).toBe('fulfilled');
    });

    test('lets in who takes more when there is room, and nobody past him', async () => {
      const first = await asks({ permits: 3, take: 2 });
      const greedy = await asks({ permits: 3, take: 2 });
      const modest = await asks({ permits: 3 });
      expect(states([first, greedy, modest])).toEqual(['fulfilled', 'pending', 'pending']);
      expect(await scene.locks.tryAcquire('k', { permits: 3 })).toBeNull();
      await first.value?.release();
      await settled();

      expect(states([greedy, modest])).toEqual(['fulfilled', 'fulfilled']);
      expect(greedy.value?.permits).toBe(2);
    });

    test('leases its permits: one that is lost is for others', async () => {
      const lost = await asks({ permits: 1, renew: false });
      const next = await asks({ permits: 1 });
      await scene.clock.advance(TTL + 100);

      expect(lost.value?.held).toBe(false);
      expect(next.value?.held).toBe(true);
    });

    test('goes by the number of each who comes', async () => {
      await asks({ permits: 2 });
      await asks({ permits: 2 });

      expect(await scene.locks.tryAcquire('k', { permits: 2 })).toBeNull();
      expect(await scene.locks.tryAcquire('k', { permits: 3 })).not.toBeNull();
    });

    test('excludes who wants the key alone, and is excluded by him', async () => {
      const permit = await asks({ permits: 5 });
      expect(await scene.locks.tryAcquire('k')).toBeNull();
      await permit.value?.release();
      await asks();

      expect(await scene.locks.tryAcquire('k', { permits: 5 })).toBeNull();
    });
  });

  test.each([1, 2, 3, 4])('never lets too many in, and everybody in the end (history %i)', async (seed) => {
    const { below } = random(seed);
    const services = [scene.locks, scene.process().locks];
    const wants: readonly AcquireOptions[] = [
      READ,
      READ,
      {},
      { permits: 3 },
      { permits: 3, take: 2 },
      { permits: 3, take: 3 },
    ];
    let readers = 0;
    let writers = 0;
    let permits = 0;
    let served = 0;

    const enter = async (who: number): Promise<void> => {
      const options = wants[below(wants.length)] ?? READ;
      const service = services[who % services.length] ?? scene.locks;
      await using lock = await service.acquire('k', { ...options, wait: '10m' });
      const alone = options.permits === undefined && options.mode === undefined;
      const taken = options.permits === undefined ? 0 : lock.permits;
      // All of it lies within the permits that are out, whatever the kind.
      if (alone) expect([readers, writers, permits]).toEqual([0, 0, 0]);
      else expect(writers).toBe(0);
      if (taken > 0) expect(readers + permits + taken).toBeLessThanOrEqual(3);
      readers += options.mode === 'read' ? 1 : 0;
      writers += alone ? 1 : 0;
      permits += taken;
      served++;
      for (let turn = below(4); turn > 0; turn--) await settled();
      readers -= options.mode === 'read' ? 1 : 0;
      writers -= alone ? 1 : 0;
      permits -= taken;
    };

    const live = async (who: number): Promise<void> => {
      for (let round = 0; round < 10; round++) await enter(who);
    };
    await Promise.all(Array.from({ length: 8 }, (_, who) => live(who)));

    expect(served).toBe(80);
    expect(await scene.isFree()).toBe(true);
  });
});
