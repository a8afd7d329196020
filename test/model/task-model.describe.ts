import { afterAll, beforeAll, describe, it } from '@jest/globals';
import fc from 'fast-check';
import type { EngineUnderTest, TestProcess } from '../contract/task-broker.engine.js';
import { histories, PROCESSES, type Counted } from './task-model.history.js';

const MINUTES = 60_000;

/** Runs so many histories, or as many and with the seed that `npm run test:model` was given. */
export function describeTaskModel(engine: string, open: () => Promise<EngineUnderTest>, runs: number): void {
  const { DEPOT_MODEL_RUNS, DEPOT_MODEL_SEED } = process.env;
  const numRuns = Number(DEPOT_MODEL_RUNS ?? runs);
  const seed = Number(DEPOT_MODEL_SEED ?? 20_300_101);

  describe(`tasks of the ${engine} engine beside a plain model`, () => {
    let underTest: EngineUnderTest;
    const processes: TestProcess[] = [];
    const counted: Counted = { histories: 0, commands: 0 };
    beforeAll(async () => {
      underTest = await open();
      while (processes.length < PROCESSES) {
        const process = await underTest.process();
        await process.broker.listen();
        processes.push(process);
      }
    });
    afterAll(() => underTest.close());

    it(
      `are the same in ${numRuns} random histories`,
      async () => {
        await fc.assert(histories(underTest, processes, counted), { numRuns, seed });
        if (DEPOT_MODEL_RUNS)
          console.log(`${engine}: ${counted.histories} histories, ${counted.commands} calls`);
      },
      Math.max(MINUTES, numRuns * 1_000),
    );
  });
}
