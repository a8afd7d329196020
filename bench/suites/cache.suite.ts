import { CACHE_CONTENDERS, lacking } from '../contenders/cache/cache.abilities.js';
import { CACHE_SETTINGS } from '../contenders/cache/cache.settings.js';
import type { Contender, Suite } from '../harness/suite.js';
import { fleetRows } from './cache-fleet.rows.js';
import { manyRows } from './cache-many.rows.js';
import { memoryRows } from './cache-memory.rows.js';
import { redisRows } from './cache-redis.rows.js';

const ALL = [memoryRows, redisRows, manyRows, fleetRows];
const ROWS = Object.entries(Object.assign({}, ...ALL.map(({ rows }) => rows)) as typeof memoryRows.rows);
const NEEDS = Object.fromEntries(ROWS.map(([metric, { needs }]) => [metric, needs]));
const FLOORS = ['lru-cache', 'ioredis', 'ioredis auto-pipelined'];

export const cache: Suite = {
  name: 'cache',
  about: 'values of about 100 bytes of JSON, in process, on Redis, and in both',
  metrics: Object.fromEntries(ROWS.map(([metric, { better }]) => [metric, better])),
  contenders: Object.fromEntries(CACHE_CONTENDERS.map((name) => [name, contender(name)])),
  rounds: 5,
  parts: (stage) => ALL.flatMap(({ parts }) => parts(stage)),
};

function contender(name: string): Contender {
  return {
    settings: (CACHE_SETTINGS as Readonly<Record<string, string>>)[name] ?? '',
    floor: FLOORS.includes(name),
    lacks: lacking(name, NEEDS),
  };
}
