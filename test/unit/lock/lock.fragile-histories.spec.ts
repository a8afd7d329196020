import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EngineUnavailableError } from '../../../lib/common/errors.js';
import { LockLostError, LockTimeoutError } from '../../../lib/lock/lock.errors.js';
import type { Lock } from '../../../lib/lock/lock.js';
import { settled } from '../../support/manual-clock.js';
import { random } from '../../support/random.js';
import type { FragileLockStore } from './fragile-lock.store.js';
import { LockScene } from './lock.scene.js';

const STEPS = 400;
const EXPECTED = [LockTimeoutError, LockLostError, EngineUnavailableError];

/**
 * Three processes with one lock, and an engine that is away, slow, deaf and comes back, at random. All of them have one
 * clock, so at no moment two of them may take the lock for theirs, and each has a greater token than all before.
 */
describe('random histories with an engine that fails', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  test.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
    'have one holder at a time, who knows it, and an end (history %i)',
    async (seed) => {
      const { below } = random(seed);
      const processes = [scene, scene.process(), scene.process()];
      const locks = new Set<Lock>();
      const delays = new Set<() => void>();
      const tokens: number[] = [];
      const surprises: unknown[] = [];
      let open = 0;

      const forgive = (error: unknown): void => {
        if (!EXPECTED.some((kind) => error instanceof kind)) throw error;
      };
      const held = (): Lock[] => [...locks].filter((lock) => lock.held);
      const pick = <T>(some: Iterable<T>): T | undefined => {
        const all = [...some];
        return all[below(all.length)];
      };

      const ask = ({ locks: service }: (typeof processes)[number]): void => {
        const terms = { ttl: 500 + below(9_000), renew: below(4) > 0 };
        const asked =
          below(4) === 0
            ? service.tryAcquire('k', terms)
            : service.acquire('k', { ...terms, wait: below(20_000) });
        open++;
        asked
          .then((lock) => {
            if (!lock) return;
            locks.add(lock);
            tokens.push(lock.fencingToken);
          }, forgive)
          .finally(() => open--)
          .catch((error: unknown) => surprises.push(error));
      };

      const disturb = (store: FragileLockStore): void => {
        const kind = below(8);
        if (kind < 2) store.away = kind === 0 ? 'before' : 'after';
        else if (kind === 2) store.deaf = true;
        else if (kind === 3) delays.add(store.slow(below(2) ? 'requests' : 'answers'));
        else {
          store.away = 'no';
          // As after a reconnect.
          if (store.deaf) {
            store.deaf = false;
            store.gap();
          }
        }
      };

      const arrive = (): void => {
        const delay = pick(delays);
        if (!delay) return;
        delays.delete(delay);
        delay();
      };

      const step = async (): Promise<void> => {
        const kind = below(16);
        const process = pick(processes) ?? scene;
        if (kind < 3) ask(process);
        else if (kind < 5) disturb(process.store);
        else if (kind < 7) arrive();
        else if (kind < 9) void pick(locks)?.release();
        else if (kind < 12)
          void pick(held())
            ?.extend(200 + below(4_000))
            .catch(forgive);
        else if (kind === 12) scene.clock.jump(below(4_000));
        else await scene.clock.advance(below(1_500));
        await settled();
      };

      for (let n = 0; n < STEPS; n++) {
        await step();
        expect([
          n,
          held()
            .map(({ owner }) => owner)
            .slice(1),
        ]).toEqual([n, []]);
      }
      for (const { store } of processes) {
        store.away = 'no';
        store.deaf = false;
        store.gap();
      }
      while (delays.size > 0) arrive();
      for (let n = 0; n < 200 && open > 0; n++) {
        for (const lock of held()) await lock.release();
        await scene.clock.advance(500);
      }
      for (const lock of locks) await lock.release();
      await scene.clock.advance(15_000);
      // Whose word that he left was lost is handed the lock when somebody comes, and gives it back.
      await scene.engine.look('k');
      await settled();

      expect(open).toBe(0);
      expect(surprises).toEqual([]);
      expect(tokens.length).toBeGreaterThan(10);
      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
      expect(await scene.isFree()).toBe(true);
    },
  );
});
