import type { Redis } from 'ioredis';
import type { QueueLimits } from '../../lib/task/task.broker.js';
import { PLACES, type Place, type Stored } from './task-broker.engine.js';

const SIDE_RECORDS = ['out', 'tries', 'crashes', 'waiters', 'progress', 'log', 'history', 'traits', 'flags'];
const PRIORITIES = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0];

/** What is stored of the queue with that prefix, read key by key. */
export async function look(redis: Redis, prefix: string): Promise<Stored> {
  const list = (key: string): Promise<string[]> => redis.lrange(prefix + key, 0, -1);
  const sorted = (key: string): Promise<string[]> => redis.zrange(prefix + key, '0', '-1');
  const scores = async (key: string): Promise<Map<string, string>> =>
    new Map(pairs(await redis.zrange(prefix + key, '0', '-1', 'WITHSCORES')));
  const hash = async (key: string): Promise<Map<string, string>> =>
    new Map(Object.entries(await redis.hgetall(prefix + key)));
  const named = async (names: string, key: string): Promise<string[]> => {
    const found = (await redis.smembers(prefix + names)).sort();
    return (await Promise.all(found.map((name) => sorted(`${key}:${name}`)))).flat();
  };
  const waiting = async (): Promise<Pick<Stored, 'levels' | 'astray'> & { readonly ids: string[] }> => {
    const [ghosts, lanes, held, ...levels] = await Promise.all([
      numbers(hash('ghosts')),
      named('lanes', 'lane'),
      named('heldgroups', 'held'),
      ...PRIORITIES.map((priority) => list(priority === 5 ? 'waiting' : `waiting:${priority}`)),
      ...PRIORITIES.map((priority) => sorted(`group:${priority}`)),
    ]);
    const left = new Map(ghosts);
    const isGhost = (id: string): boolean => {
      const count = left.get(id) ?? 0;
      if (count > 0) left.set(id, count - 1);
      return count > 0;
    };
    const alive = PRIORITIES.flatMap((_, at) => [
      ...(levels[at] ?? []).filter((id) => !isGhost(id)),
      ...(levels[at + PRIORITIES.length] ?? []),
    ]);
    const astray = [...left].flatMap(([id, count]) => (count === 0 ? [] : [id]));
    return { ids: [...lanes, ...alive, ...held], levels: alive, astray };
  };
  const place = async (name: Place): Promise<readonly string[]> => {
    if (name === 'waiting') return (await waiting()).ids;
    return name === 'suspects' ? list(name) : sorted(name);
  };
  const unique = async (): Promise<Stored['unique']> => {
    const holders = await hash('unique');
    for (const key of await sorted('uniques')) holders.delete(key);
    return holders;
  };
  const sideRecords = async (): Promise<string[]> => {
    const kept = await Promise.all(SIDE_RECORDS.map((key) => redis.hkeys(prefix + key)));
    return [...new Set([...kept.flat(), ...(await sorted('expiry'))])];
  };
  // Together, so that they travel together.
  const [records, places, { levels, astray }, holders, consumers, idle, side, suspected] = await Promise.all([
    redis.hkeys(`${prefix}rec`),
    Promise.all(PLACES.map(async (name) => [name, await place(name)] as const)),
    waiting(),
    scores('active'),
    numbers(scores('consumers')),
    numbers(scores('idle')),
    sideRecords(),
    hash('suspect'),
  ]);
  const [holdersOfKeys, next, inflight, flags, lookers, limits, paused] = await Promise.all([
    unique(),
    hash('next'),
    numbers(hash('inflight')),
    redis.hkeys(`${prefix}flags`),
    redis.smembers(`${prefix}lookers`),
    redis.hget(`${prefix}meta`, 'limits'),
    redis.hget(`${prefix}meta`, 'paused'),
  ]);
  return {
    records,
    places: Object.fromEntries(places) as Record<Place, readonly string[]>,
    levels,
    holders,
    consumers,
    // A looker is never handed anything.
    idle: new Map([...idle].filter(([consumer]) => !lookers.includes(consumer))),
    sideRecords: side,
    suspected,
    unique: holdersOfKeys,
    next,
    inflight,
    flags,
    astray,
    limits: limits === null ? {} : (JSON.parse(limits) as QueueLimits),
    isPaused: paused !== null,
  };
}

async function numbers(texts: Promise<Map<string, string>>): Promise<Map<string, number>> {
  return new Map([...(await texts)].map(([key, text]) => [key, Number(text)]));
}

function* pairs(flat: readonly string[]): Generator<[string, string]> {
  for (let at = 0; at + 1 < flat.length; at += 2) yield [flat[at] ?? '', flat[at + 1] ?? ''];
}
