import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LockTimeoutError } from '../../../lib/lock/lock.errors.js';
import type { LockService } from '../../../lib/lock/lock.service.js';
import { settled } from '../../support/manual-clock.js';
import { random } from '../../support/random.js';
import { LockScene } from './lock.scene.js';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];
const ROUNDS = 12;

describe('random sets of keys', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test.each([1, 2, 3, 4, 5])(
    'are held by one at a time, and end for everybody (history %i)',
    async (seed) => {
      const { below } = random(seed);
      const services = [scene.locks, scene.process().locks, scene.process().locks];
      /** Who is inside, by key. */
      const inside = new Map<string, number>();
      const greatest = new Map<string, number>();
      let served = 0;
      let most = 0;

      const enter = async (locks: LockService, who: number): Promise<void> => {
        // In any order, some of them twice.
        const keys = Array.from({ length: 1 + below(4) }, () => KEYS[below(KEYS.length)] ?? 'a');
        const abort = new AbortController();
        const asked = locks.acquire(keys, {
          wait: below(5) === 0 ? below(3) : '10m',
          signal: abort.signal,
        });
        if (below(6) === 0) {
          for (let turn = below(3); turn > 0; turn--) await settled();
          abort.abort(new Error('no longer needed'));
        }
        await using set = await asked;
        for (const { key, fencingToken } of set.locks) {
          expect([key, inside.get(key)]).toEqual([key, undefined]);
          expect(fencingToken).toBeGreaterThan(greatest.get(key) ?? 0);
          greatest.set(key, fencingToken);
          inside.set(key, who);
        }
        served++;
        most = Math.max(most, new Set(inside.values()).size);
        for (let turn = below(4); turn > 0; turn--) await settled();
        for (const key of set.keys) inside.delete(key);
      };

      const live = async (who: number): Promise<void> => {
        for (let round = 0; round < ROUNDS; round++) {
          await enter(services[who % services.length] ?? scene.locks, who).catch((error: unknown) => {
            if (error instanceof LockTimeoutError) return;
            expect(error).toHaveProperty('message', 'no longer needed');
          });
        }
      };

      let ended = 0;
      const lives = Array.from({ length: 9 }, (_, who) => live(who).finally(() => ended++));
      for (let turn = 0; ended < lives.length && turn < 5_000; turn++) await scene.clock.advance(1);

      expect(ended).toBe(lives.length);
      await Promise.all(lives);
      expect(served).toBeGreaterThan((9 * ROUNDS) / 2);
      // Sets that have nothing in common are held side by side.
      expect(most).toBeGreaterThan(1);
      expect(await Promise.all(KEYS.map((key) => scene.isFree(key)))).toEqual(KEYS.map(() => true));
    },
  );
});
