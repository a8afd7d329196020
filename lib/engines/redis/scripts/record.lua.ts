import { luaScript } from '../lua.js';
import { FORGET, QUEUE, SPREAD, TELL } from './queue.lua.js';

/**
 * Whether every key of the queue is its own or free. Looked at once, before the first write: an error in the middle of a
 * script would leave half of a transition behind.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease
 * Returns 1, or an error that names the key
 */
export const CHECK = luaScript(
  'check',
  1,
  `${QUEUE}
local kinds = {
  hash = { 'rec', 'out', 'tries', 'crashes', 'suspect', 'members', 'waiters', 'progress', 'log', 'meta' },
  zset = { 'delayed', 'active', 'consumers', 'idle', 'completed', 'dead', 'parked' },
  list = { 'waiting', 'suspects' },
}
for kind, names in pairs(kinds) do
  for _, name in ipairs(names) do
    local found = call('TYPE', P .. name).ok
    if found ~= 'none' and found ~= kind then
      return redis.error_reply('WRONGTYPE the key ' .. P .. name .. ' is a ' .. found .. ' of somebody else')
    end
  end
end
return 1`,
);

/**
 * Everything that is known of tasks.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4… ids
 * Returns for each id nil, or { envelope, state, at, tries, outcome, progress, log }, '' for what is not there
 */
export const READ = luaScript(
  'read',
  1,
  `${QUEUE}
local found = {}
for i = 4, #ARGV do
  local id = ARGV[i]
  local envelope = call('HGET', rec, id)
  local state, at = 'waiting', ''
  for _, name in ipairs({ 'active', 'delayed', 'completed', 'dead', 'parked' }) do
    local score = call('ZSCORE', P .. name, id)
    if score then
      state, at = name, score
      break
    end
  end
  found[#found + 1] = envelope and {
    envelope, state, at, call('HGET', tries, id) or '0', call('HGET', out, id) or '',
    call('HGET', P .. 'progress', id) or '', call('HGET', P .. 'log', id) or '',
  } or false
end
return found`,
);

/**
 * Where a task ended; if it has not, the process is told when it does (A8).
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 id  5 process
 * Returns { state, outcome }, 'pending' or 'unknown'
 */
export const AWAIT = luaScript(
  'await',
  1,
  `${QUEUE}
local id, process = ARGV[4], ARGV[5]
if call('HEXISTS', rec, id) == 0 then return 'unknown' end
for _, state in ipairs({ 'completed', 'dead' }) do
  if call('ZSCORE', P .. state, id) then return { state, call('HGET', out, id) or '' } end
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
 * ARGV  1 queue  2 wake prefix  3 lease  4 consumer  5 id  6 'progress' or 'log'  7 text
 * Returns 1, or 0 when the consumer has not that task in hand
 */
export const NOTE = luaScript(
  'note',
  1,
  `${QUEUE}
local self, id, kind, text = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
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
return 1`,
);

/**
 * Deletes a task that is in nobody's hand.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 id
 * Returns 'removed', 'missing' or 'active'
 */
export const REMOVE = luaScript(
  'remove',
  1,
  `${QUEUE}${FORGET}${TELL}
local id = ARGV[4]
if call('HEXISTS', rec, id) == 0 then return 'missing' end
if call('ZSCORE', active, id) then return 'active' end
local gone = 0
for _, state in ipairs({ 'delayed', 'completed', 'dead', 'parked' }) do
  gone = gone + call('ZREM', P .. state, id)
end
if gone == 0 then gone = call('LREM', waiting, 1, id) end
if gone == 0 then call('LREM', suspects, 1, id) end
forget({ id })
tell(id, 'removed', '')
return 'removed'`,
);

/**
 * Ids of a state, by rank.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 state  5 start  6 stop
 * Returns ids
 */
export const LIST = luaScript(
  'list',
  1,
  `${QUEUE}
local state, start, stop = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
if state ~= 'waiting' then return call('ZRANGE', P .. state, start, stop) end
local set_apart = call('LLEN', suspects)
if set_apart == 0 then return call('LRANGE', waiting, start, stop) end
local total = set_apart + call('LLEN', waiting)
if start < 0 then start = math.max(0, total + start) end
if stop < 0 then stop = total + stop end
if stop < start then return {} end
local ids = call('LRANGE', suspects, start, stop)
if stop < set_apart then return ids end
for _, id in ipairs(call('LRANGE', waiting, math.max(0, start - set_apart), stop - set_apart)) do ids[#ids + 1] = id end
return ids`,
);

/**
 * How many tasks are in each state.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease
 * Returns { waiting, delayed, active, completed, dead, parked }
 */
export const COUNTS = luaScript(
  'counts',
  1,
  `${QUEUE}
return {
  call('LLEN', waiting) + call('LLEN', suspects), call('ZCARD', delayed), call('ZCARD', active),
  call('ZCARD', P .. 'completed'), call('ZCARD', P .. 'dead'), call('ZCARD', P .. 'parked'),
}`,
);

/**
 * Drops what was kept beyond its age, and un-parks what one of the handlers can run; at most 500 of each.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 age of completed in ms  5 age of dead in ms  6 version  7… names
 * Returns 1 when there may be more, else 0
 */
export const TIDY = luaScript(
  'tidy',
  1,
  `${QUEUE}${FORGET}${SPREAD}
call('DEL', P .. 'none')
local more = 0
for state, age in pairs({ completed = ARGV[4], dead = ARGV[5] }) do
  local old = call('ZRANGEBYSCORE', P .. state, '-inf', now - tonumber(age), 'LIMIT', 0, 500)
  if #old > 0 then
    call('ZREM', P .. state, unpack(old))
    forget(old)
    if #old == 500 then more = 1 end
  end
end
local handled, back = {}, {}
for i = 7, #ARGV do handled[ARGV[6] .. ARGV[i]] = true end
-- Of more than can be looked at in one call, another stretch each time, so that none is out of reach.
local spare = math.max(0, call('ZCARD', P .. 'parked') - 5000)
local from = spare > 0 and now % (spare + 1) or 0
for _, id in ipairs(call('ZRANGE', P .. 'parked', from, from + 4999)) do
  local envelope = call('HGET', rec, id)
  if not envelope then
    call('ZREM', P .. 'parked', id)
  elseif handled[string.match(envelope, '^[^\\n]*')] and #back < 500 then
    back[#back + 1] = id
  end
end
if #back > 0 then
  call('ZREM', P .. 'parked', unpack(back))
  call('HDEL', out, unpack(back))
  call('RPUSH', waiting, unpack(back))
  spread()
  if #back == 500 then more = 1 end
end
return more`,
);
