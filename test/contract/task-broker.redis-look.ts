import type { Redis } from 'ioredis';
import type { QueueLimits } from '../../lib/task/task.broker.js';
import { PLACES, type Place, type Stored } from './task-broker.engine.js';

const SIDE_RECORDS = ['out', 'tries', 'crashes', 'waiters', 'progress', 'log', 'history', 'traits', 'flags'];
const SETS = PLACES.filter((place) => place !== 'waiting' && place !== 'suspects');

/** Everything in one answer: a history looks thousands of times. */
const LOOK = `
local P, call = KEYS[1], redis.call
local function members(names, prefix)
  local found, sorted = {}, call('SMEMBERS', P .. names)
  table.sort(sorted)
  for _, name in ipairs(sorted) do
    for _, id in ipairs(call('ZRANGE', P .. prefix .. name, 0, -1)) do found[#found + 1] = id end
  end
  return found
end
local levels, groups, sets, sides = {}, {}, {}, {}
for priority = 9, 0, -1 do
  levels[#levels + 1] = call('LRANGE', P .. (priority == 5 and 'waiting' or 'waiting:' .. priority), 0, -1)
  groups[#groups + 1] = call('ZRANGE', P .. 'group:' .. priority, 0, -1)
end
for name in string.gmatch(ARGV[1], '%S+') do sets[#sets + 1] = call('ZRANGE', P .. name, 0, -1) end
for name in string.gmatch(ARGV[2], '%S+') do sides[#sides + 1] = call('HKEYS', P .. name) end
sides[#sides + 1] = call('ZRANGE', P .. 'expiry', 0, -1)
local scored = {}
for _, name in ipairs({ 'active', 'consumers', 'idle' }) do
  scored[#scored + 1] = call('ZRANGE', P .. name, 0, -1, 'WITHSCORES')
end
local hashes = {}
for _, name in ipairs({ 'ghosts', 'suspect', 'unique', 'next', 'inflight' }) do
  hashes[#hashes + 1] = call('HGETALL', P .. name)
end
return {
  call('HKEYS', P .. 'rec'), levels, groups, members('lanes', 'lane:'), members('heldgroups', 'held:'),
  call('LRANGE', P .. 'suspects', 0, -1), sets, sides, scored, hashes, call('ZRANGE', P .. 'uniques', 0, -1),
  call('HKEYS', P .. 'flags'), call('HMGET', P .. 'meta', 'limits', 'paused'), call('SMEMBERS', P .. 'lookers'),
}`;

type Ids = readonly string[];

type Answer = readonly [
  records: Ids,
  lists: readonly Ids[],
  groups: readonly Ids[],
  lanes: Ids,
  held: Ids,
  suspects: Ids,
  sets: readonly Ids[],
  sides: readonly Ids[],
  scored: readonly [active: Ids, consumers: Ids, idle: Ids],
  hashes: readonly [ghosts: Ids, suspect: Ids, unique: Ids, next: Ids, inflight: Ids],
  timed: Ids,
  flags: Ids,
  meta: readonly [limits: string | null, paused: string | null],
  lookers: Ids,
];

/** What is stored of the queue with that prefix, read key by key. */
export async function look(redis: Redis, prefix: string): Promise<Stored> {
  const answer = (await redis.eval(LOOK, 1, prefix, SETS.join(' '), SIDE_RECORDS.join(' '))) as Answer;
  const [
    records,
    lists,
    groups,
    lanes,
    held,
    suspects,
    sets,
    sides,
    scored,
    hashes,
    timed,
    flags,
    meta,
    lookers,
  ] = answer;
  const [active, consumers, idle] = scored;
  const [ghosts, suspect, unique, next, inflight] = hashes;
  const left = new Map(numbers(ghosts));
  const isGhost = (id: string, priority: number): boolean => {
    const count = left.get(`${priority}${id}`) ?? 0;
    if (count > 0) left.set(`${priority}${id}`, count - 1);
    return count > 0;
  };
  const levels = lists.flatMap((ids, at) => [
    ...ids.filter((id) => !isGhost(id, 9 - at)),
    ...(groups[at] ?? []),
  ]);
  const places = Object.fromEntries([
    ['waiting', [...lanes, ...levels, ...held]],
    ['suspects', suspects],
    ...SETS.map((place, at) => [place, sets[at] ?? []] as const),
  ]) as Record<Place, Ids>;
  return {
    records,
    places,
    levels,
    holders: new Map(pairs(active)),
    consumers: new Map(numbers(consumers)),
    // Some are only told to look.
    idle: new Map([...numbers(idle)].filter(([consumer]) => !lookers.includes(consumer))),
    sideRecords: [...new Set(sides.flat())],
    suspected: new Map(pairs(suspect)),
    unique: new Map([...pairs(unique)].filter(([key]) => !timed.includes(key))),
    next: new Map(pairs(next)),
    inflight: new Map(numbers(inflight)),
    flags,
    astray: [...left].flatMap(([id, count]) => (count === 0 ? [] : [id])),
    limits: meta[0] === null ? {} : (JSON.parse(meta[0]) as QueueLimits),
    isPaused: meta[1] !== null,
  };
}

function* pairs(flat: Ids): Generator<[string, string]> {
  for (let at = 0; at + 1 < flat.length; at += 2) yield [flat[at] ?? '', flat[at + 1] ?? ''];
}

function* numbers(flat: Ids): Generator<[string, number]> {
  for (const [key, text] of pairs(flat)) yield [key, Number(text)];
}
