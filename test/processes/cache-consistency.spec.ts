import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CacheOptions } from 'nestjs-depot';
import { RECOVERED_MS } from '../model/cache-calm.js';
import { monotonic, together, type Disturbance, type History } from '../model/cache-history.js';
import { judge } from '../model/cache-promise.js';
import { tell } from '../model/cache-report.js';
import { uniqueNamespace } from '../support/namespace.js';
import { CacheFleet } from './cache-fleet.js';
import { Timeliness } from './cache-timeliness.js';
import { BAD_MS, Weather } from './cache-weather.js';

const PROCESSES = 3;

/** What happens in a history, in short. */
interface Course {
  readonly isStormy: boolean;
  readonly lengthMs: number;
  /** For so long at its end nothing is written: what is wrong then stays wrong. */
  readonly quietMs: number;
  readonly cache: CacheOptions;
}

const RECOVERY_MS = RECOVERED_MS + 500;
const CALM: Course = { isStormy: false, lengthMs: 1_500, quietMs: 300, cache: {} };
const STORMY: Course = { isStormy: true, lengthMs: BAD_MS + RECOVERY_MS, quietMs: RECOVERY_MS, cache: {} };
const COURSES: readonly Course[] = [
  CALM,
  STORMY,
  { ...STORMY, quietMs: 0, cache: { values: 'frozen' } },
  { ...STORMY, cache: { fallback: ['memory'] } },
  { ...STORMY, cache: { memory: false } },
];

/** `npm run test:model -- --only cache` sets both. */
const { DEPOT_CACHE_RUNS: runs, DEPOT_CACHE_SEED: seed = '1' } = process.env;

/**
 * Processes that do at random what one can do with a cache, while their connections are cut and they are stopped. What
 * they saw is compared with what the cache promises (test/model/cache-promise.ts).
 */
describe('a cache that several processes share', () => {
  let fleet: CacheFleet;

  beforeAll(async () => {
    fleet = await CacheFleet.start(PROCESSES);
  }, 60_000);

  afterAll(() => fleet.stop());

  async function history(of: number, { lengthMs, quietMs, isStormy, cache }: Course): Promise<History> {
    const namespace = uniqueNamespace('wander');
    const weather = new Weather(fleet, of);
    await using timeliness = new Timeliness(fleet.redis.url);
    await Promise.all(fleet.nodes.map((node) => node.open(namespace, cache)));
    const until = monotonic() + lengthMs;
    const storm: Promise<readonly Disturbance[]> = isStormy ? weather.pass() : Promise.resolve([]);
    const quietFrom = until - quietMs;
    const diaries = await Promise.all(
      fleet.nodes.map((node) => node.wander({ namespace, seed: of, quietFrom, until })),
    );
    const happened = [...(await storm), ...timeliness.disturbances];
    await Promise.all(fleet.nodes.map((node) => node.leave(namespace)));
    const all = together(diaries, weather.delays);
    return { ...all, disturbances: [...all.disturbances, ...happened] };
  }

  function keepsItsPromise(of: number, seen: History): void {
    const verdict = judge(seen);
    expect(seen.mishaps.map(({ by, how, message }) => `process ${by}, ${how}: ${message}`)).toEqual([]);
    expect(tell(verdict.broken, seen, of)).toBe('');
    // A history in which nothing was found has shown nothing.
    expect(verdict.values).toBeGreaterThan(300);
    expect(seen.fills.length).toBeGreaterThan(30);
    if (process.env['DEPOT_CACHE_VERBOSE']) {
      const { reads, writes, fills, disturbances } = seen;
      const figures = {
        of,
        reads: reads.length,
        writes: writes.length,
        fills: fills.length,
        values: verdict.values,
        old: verdict.old,
      };
      process.stdout.write(`${JSON.stringify({ ...figures, disturbances: disturbances.length })}\n`);
    }
  }

  if (runs === undefined) {
    it('never serves what was overwritten, while nothing is disturbed', async () => {
      keepsItsPromise(1, await history(1, CALM));
    });

    it('nor once it has recovered from whatever disturbed it', async () => {
      keepsItsPromise(2, await history(2, STORMY));
    });
  } else {
    it(
      `keeps its promise in ${runs} histories from seed ${seed} on`,
      async () => {
        for (let run = 0; run < Number(runs); run++) {
          const of = Number(seed) + run;
          keepsItsPromise(of, await history(of, COURSES[of % COURSES.length] ?? CALM));
        }
      },
      Number(runs) * 15_000 + 30_000,
    );
  }
});
