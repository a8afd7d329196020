import assert from 'node:assert/strict';
import { able, type Ability } from '../contenders/cache/cache.abilities.js';
import type { Place } from '../contenders/cache/cache.contender.js';
import { cacheCrew } from '../contenders/cache/cache.crew.js';
import { percentile, perSecond } from '../harness/figures.js';
import type { Part, Stage } from '../harness/suite.js';
import type { CacheRows } from './cache.parts.js';

interface Rate {
  readonly method: 'gets' | 'sets' | 'hitsOrSets';
  readonly needs: Ability;
}

const RATES: Readonly<Record<string, Rate>> = {
  'Redis get, 64 callers /s': { method: 'gets', needs: 'redis' },
  'Redis set, 64 callers /s': { method: 'sets', needs: 'redis' },
  'Redis getOrSet hit, 64 callers /s': { method: 'hitsOrSets', needs: 'getOrSet' },
};
const P50 = 'Redis get, one by one, p50 ms';
const P99 = 'Redis get, one by one, p99 ms';
const CALLERS = 64;
const PLACE: Place = { where: 'redis' };

/** Values that are on Redis and nowhere else. */
export const redisRows: CacheRows = {
  rows: {
    ...Object.fromEntries(
      Object.entries(RATES).map(([metric, { needs }]) => [metric, { better: 'higher', needs }]),
    ),
    [P50]: { better: 'lower', needs: 'redis' },
    [P99]: { better: 'lower', needs: 'redis' },
  },
  parts: (stage) => [
    ...Object.entries(RATES).map(([metric, rate]) => rating(stage, metric, rate)),
    oneByOne(stage),
  ],
};

function rating(stage: Stage, metric: string, { method, needs }: Rate): Part {
  return {
    name: metric,
    contenders: able(needs),
    measure: (contender) =>
      cacheCrew(stage, contender).open(PLACE, 1, async (one) => {
        const count = stage.short ? 1_000 : 50_000;
        await one.call('fill');
        await one.call(method, CALLERS, Math.ceil(count / 5));
        const before = await keysFound(stage);
        const took = await one.call(method, CALLERS, count);
        if (method !== 'sets') {
          const found = (await keysFound(stage)) - before;
          assert.ok(found >= count, `${contender} asked Redis for ${found} of ${count} values`);
        }
        return { [metric]: perSecond(count, took) };
      }),
  };
}

/** Two values, three-fold apart, are possible: the kernel wakes the other process on the same core, or on another. */
function oneByOne(stage: Stage): Part {
  return {
    name: 'Redis get, one by one',
    contenders: able('redis'),
    measure: (contender) =>
      cacheCrew(stage, contender).open(PLACE, 1, async (one) => {
        const count = stage.short ? 100 : 5_000;
        await one.call('fill');
        await one.call('latencies', count);
        const taken = await one.call('latencies', count);
        return { [P50]: percentile(taken, 0.5), [P99]: percentile(taken, 0.99) };
      }),
  };
}

/** How many keys were found by whoever has asked Redis. */
async function keysFound(stage: Stage): Promise<number> {
  const redis = await stage.redis();
  return Number(/keyspace_hits:(\d+)/.exec(await redis.command('INFO stats'))?.[1]);
}
