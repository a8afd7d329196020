import assert from 'node:assert/strict';
import { cacheCrews, type CacheProcess } from '../contenders/cache/cache.crew.js';
import { CACHE_SETTINGS } from '../contenders/cache/cache.settings.js';
import type { Tier } from '../contenders/cache/cache.contender.js';
import { percentile, perSecond } from '../harness/figures.js';
import type { Contender, Part, Stage, Suite } from '../harness/suite.js';

const HITS: Readonly<Record<string, Tier>> = {
  'in-process hit, a copy µs': 'copies',
  'in-process hit, one object for all µs': 'one object',
};
const RATES = {
  'Redis get, 64 callers /s': 'gets',
  'Redis set, 64 callers /s': 'sets',
  'Redis getOrSet hit, 64 callers /s': 'hitsOrSets',
} as const;
const P50 = 'Redis get, one by one, p50 ms';
const P99 = 'Redis get, one by one, p99 ms';
const COLD: Readonly<Record<string, number>> = {
  'factory calls, cold key, 100 callers in 1 process': 1,
  'factory calls, cold key, 100 callers in 4 processes': 4,
};

const CALLERS = 64;
const COLD_CALLERS = 100;
/** Long enough for every process to have asked. */
const FACTORY_MS = 200;
/** Starting them is most of what a short run takes. */
const PROCESSES_IN_SHORT = 2;
/** Long enough for every process to have been told. */
const START_NS = 50_000_000n;

const NO_OBJECTS = { 'in-process hit, one object for all µs': 'everybody gets a copy' };
const NO_PROCESS = because('it is on Redis', Object.keys(HITS));
const NO_REDIS = because('it is in process', [...Object.keys(RATES), P50, P99]);
const NO_FACTORY = because('it has no getOrSet', ['Redis getOrSet hit, 64 callers /s', ...Object.keys(COLD)]);

const CONTENDERS: Readonly<Record<string, Contender>> = {
  depot: { settings: CACHE_SETTINGS.depot, lacks: NO_OBJECTS },
  bentocache: { settings: CACHE_SETTINGS.bentocache },
  cacheable: { settings: CACHE_SETTINGS.cacheable },
  'cache-manager': { settings: CACHE_SETTINGS['cache-manager'] },
  'lru-cache': { settings: CACHE_SETTINGS['lru-cache'], floor: true, lacks: { ...NO_FACTORY, ...NO_REDIS } },
  ioredis: { settings: CACHE_SETTINGS.ioredis, floor: true, lacks: { ...NO_FACTORY, ...NO_PROCESS } },
  'ioredis auto-pipelined': {
    settings: CACHE_SETTINGS['ioredis auto-pipelined'],
    floor: true,
    lacks: { ...NO_FACTORY, ...NO_PROCESS },
  },
};

export const cache: Suite = {
  name: 'cache',
  about: 'values of about 100 bytes of JSON, in process and on Redis',
  metrics: {
    ...Object.fromEntries(Object.keys(HITS).map((name) => [name, 'lower'])),
    ...Object.fromEntries(Object.keys(RATES).map((name) => [name, 'higher'])),
    [P50]: 'lower',
    [P99]: 'lower',
    ...Object.fromEntries(Object.keys(COLD).map((name) => [name, 'lower'])),
  },
  contenders: CONTENDERS,
  rounds: 5,
  parts: (stage) => {
    const crews = cacheCrews(stage);
    return [
      ...inProcess(stage, crews),
      ...onRedis(stage, crews),
      oneByOne(stage, crews),
      ...cold(stage, crews),
    ];
  },
};

type Crews = ReturnType<typeof cacheCrews>;

function inProcess(stage: Stage, crews: Crews): Part[] {
  return Object.entries(HITS).map(([metric, tier]) => ({
    name: metric,
    contenders: havers(metric),
    measure: (contender) =>
      crews(contender).open(tier, 1, async ([process]) => {
        const one = known(process);
        const count = stage.short ? 1_000 : 100_000;
        await one.call('fill');
        await one.call('hits', count);
        return { [metric]: Number(await one.call('hits', count)) / 1_000 / count };
      }),
  }));
}

function onRedis(stage: Stage, crews: Crews): Part[] {
  return Object.entries(RATES).map(([metric, method]) => ({
    name: metric,
    contenders: havers(metric),
    measure: (contender) =>
      crews(contender).open('redis', 1, async ([process]) => {
        const one = known(process);
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
  }));
}

/** Two values, three-fold apart, are possible: the kernel wakes the other process on the same core, or on another. */
function oneByOne(stage: Stage, crews: Crews): Part {
  return {
    name: 'Redis get, one by one',
    contenders: havers(P50),
    measure: (contender) =>
      crews(contender).open('redis', 1, async ([process]) => {
        const one = known(process);
        const count = stage.short ? 100 : 5_000;
        await one.call('fill');
        await one.call('latencies', count);
        const taken = await one.call('latencies', count);
        return { [P50]: percentile(taken, 0.5), [P99]: percentile(taken, 0.99) };
      }),
  };
}

function cold(stage: Stage, crews: Crews): Part[] {
  return Object.entries(COLD).map(([metric, wanted]) => ({
    name: metric,
    contenders: havers(metric),
    measure: (contender) => {
      const processes = stage.short ? Math.min(wanted, PROCESSES_IN_SHORT) : wanted;
      return crews(contender).open('redis', processes, async (all) => {
        const callers = COLD_CALLERS / processes;
        const at = process.hrtime.bigint() + START_NS;
        const key = { key: 'cold', callers, at, factoryMs: FACTORY_MS };
        const calls = await Promise.all(all.map((one) => one.call('cold', key)));
        return { [metric]: calls.reduce((sum, one) => sum + one, 0) };
      });
    },
  }));
}

/** How many keys were found by whoever has asked Redis. */
async function keysFound(stage: Stage): Promise<number> {
  const redis = await stage.redis();
  return Number(/keyspace_hits:(\d+)/.exec(await redis.command('INFO stats'))?.[1]);
}

/** Those that can be measured by it. */
function havers(metric: string): readonly string[] {
  return Object.keys(CONTENDERS).filter((name) => !(metric in (CONTENDERS[name]?.lacks ?? {})));
}

function because(why: string, metrics: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(metrics.map((metric) => [metric, why]));
}

function known(process: CacheProcess | undefined): CacheProcess {
  assert.ok(process);
  return process;
}
