import { describe, expect, jest, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { EngineUnavailableError } from '../../lib/common/errors.js';
import { LockTimeoutError } from '../../lib/lock/lock.errors.js';
import type { LockService } from '../../lib/lock/lock.service.js';
import { eventually } from '../support/eventually.js';
import { random } from '../support/random.js';
import { Ledger, LockQuorumScene, TTL_MS } from './lock-quorum.scene.js';

const SEED = 20_301;
const VISITORS = 6;
const FAULTS = 2;

jest.setTimeout(40_000);

describe('locks over Redis servers that fail one after the other', () => {
  /** Comes again and again until it is told to stop; counts how often it had the lock. */
  const visit = async (locks: LockService, ledger: Ledger, stop: AbortSignal): Promise<number> => {
    let times = 0;
    while (!stop.aborted) {
      try {
        const lock = await locks.acquire('k', { wait: '5s' });
        ledger.enter(lock);
        await pause(1);
        ledger.leave(lock);
        await lock.release();
        times++;
      } catch (error) {
        if (!(error instanceof LockTimeoutError || error instanceof EngineUnavailableError)) throw error;
      }
    }
    return times;
  };

  /** Others go on. */
  const goesOn = async (ledger: Ledger): Promise<void> => {
    const before = ledger.tokens.length;
    await eventually(() => expect(ledger.tokens.length).toBeGreaterThan(before + VISITORS));
  };

  test.each([
    [3, 1],
    [5, 2],
  ])('never have two holders, and go on: of %i servers %i fail at a time', async (count, failing) => {
    const scene = await LockQuorumScene.start(count);
    const dice = random(SEED);
    const ledger = new Ledger();
    const stop = new AbortController();
    try {
      const processes = await scene.processes(3);
      const visits = Array.from({ length: VISITORS }, (_, at) =>
        visit(processes[at % 3] ?? fail(), ledger, stop.signal),
      );
      const faults = async (): Promise<void> => {
        for (let fault = 0; fault < FAULTS; fault++) {
          const first = dice.below(count);
          const servers = Array.from({ length: failing }, (_, at) => scene.server((first + at) % count));
          if (fault % 2 === 0) {
            for (const server of servers) server.pause();
            await goesOn(ledger);
            for (const server of servers) server.resume();
          } else {
            await Promise.all(servers.map((server) => server.kill()));
            const killedAt = performance.now();
            await goesOn(ledger);
            // They come back knowing nothing, so they have to stay away until nobody can have anything there.
            await eventually(() => expect(performance.now() - killedAt).toBeGreaterThan(TTL_MS * 1.01 + 2));
            await Promise.all(servers.map((server) => server.start()));
          }
          await goesOn(ledger);
        }
      };
      await Promise.race([faults(), Promise.all(visits)]);
      stop.abort();
      const times = await Promise.all(visits);

      for (const each of times) expect(each).toBeGreaterThan(0);
    } finally {
      stop.abort();
      await scene.close();
    }
  });
});

function fail(): never {
  throw new Error('there is no such process');
}
