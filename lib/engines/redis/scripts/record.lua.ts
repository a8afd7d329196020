import { luaScript } from '../lua.js';
import { EVENTS, TELL } from './events.lua.js';
import { CLAIMING } from './claiming.lua.js';
import { QUEUE, RARE_QUEUE } from './queue.lua.js';
import { WAITING } from './waiting.lua.js';

/**
 * Everything that is known of tasks.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5… ids
 * Returns for each id nil, or { envelope, state, at, tries, outcome, progress, log, history, traits, expires at }, '' for
 *       what is not there
 */
export const READ = luaScript(
  'read',
  `${RARE_QUEUE}${TELL}${EVENTS}${WAITING}
local found = {}
local function text(hash, id) return call('HGET', P .. hash, id) or '' end
for i = 5, #ARGV do
  local id = ARGV[i]
  local envelope = call('HGET', rec, id)
  if envelope then
    local place, at = place_of(id)
    found[#found + 1] = {
      envelope, place, at or '', call('HGET', tries, id) or '0', text('out', id), text('progress', id), text('log', id),
      used('r') and text('history', id) or '', used('t') and text('traits', id) or '',
      used('x') and call('ZSCORE', P .. 'expiry', id) or '',
    }
  else
    found[#found + 1] = false
  end
end
return found`,
);

/**
 * Where a task ended; if it has not, the process is told when it does (A8).
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 id  6 process
 * Returns { state, outcome }, 'pending' or 'unknown'
 */
export const AWAIT = luaScript(
  'await',
  `${CLAIMING}
local id, process = ARGV[5], ARGV[6]
call('DEL', P .. 'none')
if used('x') and tonumber(call('ZSCORE', P .. 'expiry', id) or FAR) <= now then
  expire()
  settle()
end
local place = call('HEXISTS', rec, id) == 1 and place_of(id)
if place and FINAL[place] then return { place, call('HGET', out, id) or '' } end
if not place then
  local kept = call('GET', P .. 'result:' .. id)
  return kept and { 'completed', kept } or 'unknown'
end
local told = call('HGET', waiters, id) or ''
if not string.find(' ' .. told .. ' ', ' ' .. process .. ' ', 1, true) then
  call('HSET', waiters, id, told == '' and process or told .. ' ' .. process)
end
return 'pending'`,
);

/**
 * Keeps progress or a further log line of a task that the consumer has in hand. A log is cut at 64 KiB, oldest first.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 consumer  6 id  7 'progress' or 'log'  8 text
 * Returns 1, or 0 when the consumer has not that task in hand
 */
export const NOTE = luaScript(
  'note',
  `${QUEUE}${TELL}${EVENTS}
local self, id, kind, text = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local holder = call('ZSCORE', active, id)
if not holder or tonumber(holder) ~= tonumber(number(self)) then return 0 end
if kind == 'log' then
  local lines = call('HGET', P .. 'log', id)
  if lines then text = lines .. '\\n' .. text end
  while #text > 65536 and string.find(text, '\\n', 1, true) do
    text = string.sub(text, string.find(text, '\\n', 1, true) + 1)
  end
end
call('HSET', P .. kind, id, text)
if kind == 'progress' then publish('progress', { id }, { text }) end
return 1`,
);

/**
 * Ids of a state, by rank. What waits: suspects, lanes, levels, what is held back.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 state  6 start  7 stop
 * Returns ids
 */
export const LIST = luaScript(
  'list',
  `${RARE_QUEUE}${TELL}${EVENTS}${WAITING}
local wanted, start, stop = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
if wanted ~= 'waiting' then return call('ZRANGE', P .. wanted, start, stop) end
if uses == '' and call('LLEN', suspects) == 0 then return call('LRANGE', waiting, start, stop) end
local total = waiting_count()
if start < 0 then start = math.max(0, total + start) end
if stop < 0 then stop = total + stop end
local found, passed, gone = {}, 0, {}
-- Of what lies in a list, the ghosts come first.
local function is_ghost(field)
  gone[field] = gone[field] or tonumber(call('HGET', P .. 'ghosts', field) or 0)
  gone[field] = gone[field] - 1
  return gone[field] >= 0
end
local function part(key, length_of, range, has_ghosts, priority)
  local length = call(length_of, key)
  if not has_ghosts and passed + length <= start then
    passed = passed + length
    return
  end
  local from = has_ghosts and 0 or math.max(0, start - passed)
  if not has_ghosts then passed = passed + from end
  while from < length and passed <= stop do
    for _, id in ipairs(call(range, key, from, from + 499)) do
      if not (has_ghosts and is_ghost(priority .. id)) then
        if passed >= start and passed <= stop then found[#found + 1] = id end
        passed = passed + 1
      end
    end
    from = from + 500
  end
end
local has_ghosts = used('d') and call('EXISTS', P .. 'ghosts') == 1
part(suspects, 'LLEN', 'LRANGE')
if used('n') then
  local names = call('SMEMBERS', P .. 'lanes')
  table.sort(names)
  for _, name in ipairs(names) do part(P .. 'lane:' .. name, 'ZCARD', 'ZRANGE') end
end
for priority = 9, 0, -1 do
  part(level(tostring(priority)), 'LLEN', 'LRANGE', has_ghosts, priority)
  if used('g') then part(P .. 'group:' .. priority, 'ZCARD', 'ZRANGE') end
end
if used('g') then
  local groups = call('SMEMBERS', P .. 'heldgroups')
  table.sort(groups)
  for _, group in ipairs(groups) do part(P .. 'held:' .. group, 'ZCARD', 'ZRANGE') end
end
return found`,
);

/**
 * How many tasks are in each state.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept
 * Returns { waiting, delayed, blocked, active, completed, dead, cancelled, expired, parked }
 */
export const COUNTS = luaScript(
  'counts',
  `${RARE_QUEUE}${TELL}${EVENTS}${WAITING}
local counts = { waiting_count() }
for _, name in ipairs({ 'delayed', 'blocked', 'active', 'completed', 'dead', 'cancelled', 'expired', 'parked' }) do
  counts[#counts + 1] = call('ZCARD', P .. name)
end
return counts`,
);

/**
 * The living consumers, and what is paused.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept
 * Returns { 1 when the queue is paused else 0, names that are, flat consumer, deadline, active tasks }
 */
export const INSPECT = luaScript(
  'inspect',
  `${QUEUE}
local found = {}
local entries = call('ZRANGEBYSCORE', consumers, now, '+inf', 'WITHSCORES')
for i = 1, #entries, 2 do
  local cid = number(entries[i])
  found[#found + 1] = entries[i]
  found[#found + 1] = entries[i + 1]
  found[#found + 1] = call('ZCOUNT', active, cid, cid)
end
return { paused and 1 or 0, call('SMEMBERS', P .. 'pausednames'), found }`,
);
