import assert from 'node:assert/strict';
import { able } from '../contenders/cache/cache.abilities.js';
import type { Place } from '../contenders/cache/cache.contender.js';
import { cacheCrew } from '../contenders/cache/cache.crew.js';
import { commandsOf } from '../contenders/locks/command.count.js';
import { countRoundTrips } from '../harness/round-trips.js';
import type { Figures, Stage } from '../harness/suite.js';
import type { CacheRows } from './cache.parts.js';

const WHAT = 'getOrSetMany of 1,000, 90 % there';
const TIME = `${WHAT}: µs a key`;
const FACTORY = `${WHAT}: factory calls`;
const TRIPS = `${WHAT}: round trips`;
const SENT = `${WHAT}: commands sent`;
const RUN = `${WHAT}: commands run`;

const KEYS = 1_000;
const MISSING = 100;
const PLACE: Place = { where: 'redis' };

/** Many keys at once, of which some are not there. */
export const manyRows: CacheRows = {
  rows: Object.fromEntries(
    [TIME, FACTORY, TRIPS, SENT, RUN].map((metric) => [metric, { better: 'lower', needs: 'many' }] as const),
  ),
  parts: (stage) => [
    {
      name: WHAT,
      contenders: able('many'),
      measure: async (contender) => ({
        ...(await timed(stage, contender)),
        ...(await counted(stage, contender)),
      }),
    },
  ],
};

function timed(stage: Stage, contender: string): Promise<Figures> {
  const times = stage.short ? 2 : 100;
  return cacheCrew(stage, contender).open(PLACE, 1, async (one) => {
    const many = { keys: KEYS, missing: MISSING, times };
    await one.call('fillMany', many);
    await one.call('many', many);
    const { ns, factoryCalls } = await one.call('many', many);
    assert.equal(factoryCalls, times, `${contender} called the factory ${factoryCalls} times for ${times}`);
    return { [TIME]: Number(ns) / 1_000 / times / KEYS, [FACTORY]: factoryCalls / times };
  });
}

/** Counting slows everything down, so it is done once more for that. */
async function counted(stage: Stage, contender: string): Promise<Figures> {
  const redis = await stage.redis();
  await using trips = await countRoundTrips(redis.port);
  try {
    return await cacheCrew(stage, contender).openAt(trips.url, PLACE, 1, async (one) => {
      const many = { keys: KEYS, missing: MISSING, times: 1 };
      await one.call('fillMany', many);
      await one.call('many', many);
      const before = trips.count;
      const { sent, run } = await commandsOf(redis.url, () => one.call('many', many));
      return { [TRIPS]: trips.count - before, [SENT]: sent, [RUN]: run };
    });
  } finally {
    await redis.command('FLUSHALL');
  }
}
