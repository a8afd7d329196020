import { able, type Ability } from '../contenders/cache/cache.abilities.js';
import type { Place } from '../contenders/cache/cache.contender.js';
import { cacheCrew } from '../contenders/cache/cache.crew.js';
import type { Part, Stage } from '../harness/suite.js';
import type { CacheRows } from './cache.parts.js';

interface MemoryRow {
  readonly needs: Ability;
  readonly place: Place;
  readonly method: 'hits' | 'peeks';
  /** Of the figure. */
  readonly unitNs: number;
}

const get = (place: Place): MemoryRow => ({
  needs: place.where === 'tiers' ? 'tiers' : 'memory',
  place,
  method: 'hits',
  unitNs: 1_000,
});
const peek = (values: Place['values'] = 'copies'): MemoryRow => ({
  needs: 'peek',
  place: { where: 'tiers', values },
  method: 'peeks',
  unitNs: 1,
});

const ROWS: Readonly<Record<string, MemoryRow>> = {
  'get in memory before Redis, a copy µs': get({ where: 'tiers', values: 'copies' }),
  'get in memory before Redis, one object µs': get({ where: 'tiers', values: 'one object' }),
  'get in memory alone, a copy µs': get({ where: 'memory', values: 'copies' }),
  'get in memory alone, one object µs': get({ where: 'memory', values: 'one object' }),
  'peek, a copy ns': peek('copies'),
  'peek, one object ns': peek('one object'),
};

/** Values that the process has: each hit awaited, or had without a promise. */
export const memoryRows: CacheRows = {
  rows: Object.fromEntries(
    Object.entries(ROWS).map(([metric, { needs }]) => [metric, { better: 'lower', needs }]),
  ),
  parts: (stage) => Object.entries(ROWS).map(([metric, row]) => part(stage, metric, row)),
};

function part(stage: Stage, metric: string, { needs, place, method, unitNs }: MemoryRow): Part {
  return {
    name: metric,
    contenders: able(needs),
    measure: (contender) =>
      cacheCrew(stage, contender).open(place, 1, async (one) => {
        const count = stage.short ? 1_000 : 200_000;
        await one.call('fill');
        await one.call('warm');
        await one.call(method, count);
        const before = await commandsRun(stage);
        const took = await one.call(method, count);
        const asked = (await commandsRun(stage)) - before;
        // It may look now and then whether Redis is there.
        if (asked > count / 100) throw new Error(`${contender} sent ${asked} commands for ${count} hits`);
        return { [metric]: Number(took) / unitNs / count };
      }),
  };
}

async function commandsRun(stage: Stage): Promise<number> {
  const redis = await stage.redis();
  return Number(/total_commands_processed:(\d+)/.exec(await redis.command('INFO stats'))?.[1]);
}
