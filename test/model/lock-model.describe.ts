import { afterAll, beforeAll, describe, it } from '@jest/globals';
import fc from 'fast-check';
import { LockHistory, type LocksUnderTest } from './lock-model.history.js';
import { owners, step } from './lock-model.plan.js';

const { DEPOT_MODEL_RUNS, DEPOT_MODEL_SEED, DEPOT_MODEL_LENGTH = '40' } = process.env;
const MINUTES = 60_000;

/** Runs so many histories, or as many and with the seed that `npm run test:model` was given. */
export function describeLockModel(name: string, open: () => Promise<LocksUnderTest>, runs: number): void {
  const numRuns = Number(DEPOT_MODEL_RUNS ?? runs);
  const seed = Number(DEPOT_MODEL_SEED ?? 20_300_101);
  const steps = fc.array(step, {
    minLength: Math.min(20, Number(DEPOT_MODEL_LENGTH)),
    maxLength: Number(DEPOT_MODEL_LENGTH),
    size: 'max',
  });

  describe(`locks of the ${name} engine beside a plain model`, () => {
    let engine: LocksUnderTest;
    let history: LockHistory | undefined;
    let histories = 0;
    let calls = 0;
    beforeAll(async () => {
      engine = await open();
      for (const [process, store] of engine.processes.entries()) {
        store.onGranted((key, owner, handOver) => history?.hear(process, key, { owner, ...handOver }));
      }
    });
    afterAll(() => engine.close());

    it(
      `are the same in ${numRuns} random histories`,
      async () => {
        const property = fc.asyncProperty(owners, steps, async (plans, deeds) => {
          const current = (history = new LockHistory(engine, plans, ++histories));
          try {
            for (const deed of deeds) await current.take(deed);
          } catch (error) {
            if (error instanceof Error)
              error.message += `\n\n${[JSON.stringify(plans), ...current.log].join('\n')}`;
            throw error;
          } finally {
            calls += current.log.length;
            await current.endDeafness();
          }
          await current.drain();
        });
        await fc.assert(property, { numRuns, seed });
        if (DEPOT_MODEL_RUNS) console.log(`${name}: ${histories} histories, ${calls} calls`);
      },
      Math.max(MINUTES, numRuns * 1_000),
    );
  });
}
