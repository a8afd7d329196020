import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { monotonic } from '../model/cache-history.js';
import { uniqueNamespace } from '../support/namespace.js';
import { LockFleet } from './lock-fleet.js';
import type { History } from './lock-history.js';
import { judge } from './lock-promise.js';
import { figures, tell } from './lock-report.js';
import { LockRequests } from './lock-requests.js';
import { RedisStalls } from './lock-stalls.js';
import { PATIENCE_MS } from './lock-wanderer.js';
import { BAD_MS, LockWeather, type Climate } from './lock-weather.js';

const PROCESSES = 3;
const CALM_MS = 1_500;

/** What happens in a history; `undefined`: nothing. */
const CLIMATES: readonly (Climate | undefined)[] = [
  undefined,
  { kills: false, restarts: false },
  { kills: true, restarts: true },
  { kills: true, restarts: false },
  { kills: false, restarts: true },
];
const climateOf = (seed: number): Climate | undefined => CLIMATES[(seed - 1) % CLIMATES.length];

/** `npm run test:model -- --only lock-fleet` sets both. */
const { DEPOT_LOCK_RUNS: runs, DEPOT_LOCK_SEED: seed = '1' } = process.env;

/**
 * Processes that do at random what one can do with locks, while they are stopped and killed, their connections are broken and
 * Redis crashes. What they saw is compared with what locks promise (lock-promise.ts).
 */
describe('locks that several processes share', () => {
  let fleet: LockFleet;

  beforeAll(async () => {
    fleet = await LockFleet.start(PROCESSES);
  }, 60_000);

  afterAll(() => fleet.stop());

  async function history(of: number): Promise<History> {
    const climate = climateOf(of);
    const namespace = uniqueNamespace('locks');
    await Promise.all(fleet.nodes.map((node) => node.open(namespace)));
    const isStormy = climate !== undefined;
    const wandering = { namespace, seed: of, isStormy, until: monotonic() + (climate ? BAD_MS : CALM_MS) };
    const wanderings: Promise<unknown>[] = [];
    const left: unknown[] = [];
    const wander = (seat: number): void => {
      // Rejects when the process is killed; what it did is in the ledger.
      const node = fleet.nodes[seat];
      if (node) wanderings.push(node.wander(wandering).catch((error: unknown) => left.push(error)));
    };
    const weather = new LockWeather(fleet, of, async (seat) => {
      await fleet.nodes[seat]?.open(namespace);
      wander(seat);
    });
    await using stalls = new RedisStalls(fleet.redis.url, `${namespace}:stalls`);
    using watch = climate ? undefined : await LockRequests.watch(fleet.redis.url);
    fleet.nodes.forEach((_, seat) => wander(seat));
    if (climate) await weather.pass(climate);
    await Promise.all(wanderings);
    expect(left).toHaveLength(weather.deaths.length);
    await Promise.all(fleet.nodes.map((node) => node.getAll(wandering)));
    await Promise.all(fleet.nodes.map((node) => node.leave(namespace)));
    fleet.ledger.disturbed(namespace, [...weather.disturbances, ...stalls.disturbances], weather.deaths);
    return { ...fleet.ledger.read(namespace), requests: watch?.requests ?? [] };
  }

  function keepsItsPromise(of: number, seen: History): void {
    if (process.env['DEPOT_LOCK_VERBOSE']) process.stdout.write(`${of} ${JSON.stringify(figures(seen))}\n`);
    const mishaps = seen.mishaps.map(({ by, how, message }) => `process ${by}, ${how}: ${message}`);
    expect({ seed: of, mishaps }).toEqual({ seed: of, mishaps: [] });
    expect(tell(judge(seen), seen, of)).toBe('');
    // With so much patience everybody gets what he wants, while nothing is disturbed.
    const inVain = seen.attempts.filter(
      ({ waitMs, outcome }) => waitMs >= PATIENCE_MS && outcome === 'timed out',
    );
    if (!climateOf(of)) expect({ seed: of, inVain }).toEqual({ seed: of, inVain: [] });
    // A history in which nothing was done has shown nothing.
    expect(seen.grants.length).toBeGreaterThan(30);
    expect(seen.writes.length).toBeGreaterThan(60);
  }

  if (runs === undefined) {
    it('never have two who exclude each other, and serve everybody in order, while nothing is disturbed', async () => {
      const seen = await history(1);
      keepsItsPromise(1, seen);
      expect(seen.requests.length).toBeGreaterThan(100);
    });

    it('nor when processes are stopped and cut off', async () => {
      keepsItsPromise(2, await history(2));
    });

    it('nor when processes are killed and Redis crashes', async () => {
      keepsItsPromise(3, await history(3));
      // Starting a process takes seconds on a busy machine.
    }, 40_000);
  } else {
    it(
      `keep their promise in ${runs} histories from seed ${seed} on`,
      async () => {
        for (let of = Number(seed); of < Number(seed) + Number(runs); of++) {
          keepsItsPromise(of, await history(of));
        }
      },
      Number(runs) * 20_000 + 30_000,
    );
  }
});
