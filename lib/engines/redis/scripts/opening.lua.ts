import { luaScript } from '../lua.js';
import { CLAIMING } from './claiming.lua.js';
import { QUEUE } from './queue.lua.js';

/**
 * Whether every key of the queue is its own or free, looked at before the first write: an error in the middle of a script
 * would leave half of a transition behind. Then the limits that the fleet shares: the newest win, and what was held back
 * by others goes on.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 limits as JSON, '' for none, '-' to leave them as they are
 * Returns the limits before, when they were others, else nil; or an error that names the key
 */
export const OPEN = luaScript(
  'open',
  `local kinds = {
  hash = {
    'rec', 'out', 'tries', 'crashes', 'suspect', 'members', 'versions', 'waiters', 'progress', 'log', 'meta', 'history', 'traits',
    'unique', 'next', 'flags', 'inflight', 'gtat', 'backlogs', 'ghosts', 'passes', 'listeners', 'ranks',
  },
  zset = {
    'delayed', 'active', 'consumers', 'idle', 'completed', 'dead', 'parked', 'cancelled', 'expired', 'blocked', 'expiry',
    'uniques', 'gdue',
  },
  list = { 'waiting', 'suspects' },
  set = { 'lanes', 'heldgroups', 'pausednames', 'pushers', 'lookers' },
}
for kind, names in pairs(kinds) do
  for _, name in ipairs(names) do
    local found = redis.call('TYPE', KEYS[1] .. name).ok
    if found ~= 'none' and found ~= kind then
      return redis.error_reply('WRONGTYPE the key ' .. KEYS[1] .. name .. ' is a ' .. found .. ' of somebody else')
    end
  end
end
${CLAIMING}
local text, before = ARGV[5], state[6] or ''
if text == '-' or text == before then return nil end
if text == '' then call('HDEL', meta, 'limits') else call('HSET', meta, 'limits', text) end
limits = text == '' and {} or cjson.decode(text)
per_group = limits.group or {}
call('HDEL', meta, 'tat')
call('DEL', P .. 'gtat', P .. 'gdue')
count_groups()
if used('g') then
  for _, group in ipairs(call('SMEMBERS', P .. 'heldgroups')) do
    for _ = 1, 100 do
      if call('EXISTS', P .. 'held:' .. group) == 0 then break end
      let_go_on(group, 1000)
    end
  end
end
-- What waits or is delayed of each group, anew: it was not counted unless that was limited.
local function count_backlog(key)
  for from = 0, call('ZCARD', key) - 1, 1000 do
    for _, trait in pairs(traits_of(call('ZRANGE', key, from, from + 999))) do
      if trait.group ~= '' then call('HINCRBY', P .. 'backlogs', trait.group, 1) end
    end
  end
end
local counted = call('HKEYS', P .. 'backlogs')
call('DEL', P .. 'backlogs')
if per_group.backlog and used('g') then
  count_backlog(delayed)
  for priority = 0, 9 do count_backlog(P .. 'group:' .. priority) end
  for _, name in ipairs(call('SMEMBERS', P .. 'lanes')) do count_backlog(P .. 'lane:' .. name) end
  for _, group in ipairs(call('SMEMBERS', P .. 'heldgroups')) do count_backlog(P .. 'held:' .. group) end
end
for _, group in ipairs(counted) do
  if tonumber(call('HGET', P .. 'backlogs', group) or 0) < (per_group.backlog or FAR) then room_for('pushers:' .. group) end
end
settle()
return before ~= '' and before or nil`,
);

/**
 * Events of these names are pushed to the process, or stored for whoever handles them, until its subscription is over.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 process  6 for how long, in ms  7 names to be pushed  8 to be stored;
 *       each name between two spaces
 * Returns 1
 */
export const SUBSCRIBE = luaScript(
  'subscribe',
  `${QUEUE}
local process, till, pushed, stored = ARGV[5], now + tonumber(ARGV[6]), ARGV[7], ARGV[8]
if pushed == '' and stored == '' then
  call('HDEL', P .. 'listeners', process)
else
  call('HSET', P .. 'listeners', process, string.format('%.0f', till) .. '|' .. pushed .. '|' .. stored)
end
local names, last, entries = '', 0, call('HGETALL', P .. 'listeners')
for i = 1, #entries, 2 do
  local deadline, one, other = string.match(entries[i + 1], '^(%d+)|([^|]*)|(.*)$')
  if tonumber(deadline) < now then
    call('HDEL', P .. 'listeners', entries[i])
  else
    names = names .. one .. other
    last = math.max(last, tonumber(deadline))
  end
end
if names == '' then
  call('HDEL', meta, 'events', 'eventsUntil')
else
  call('HSET', meta, 'events', names, 'eventsUntil', string.format('%.0f', last))
end
return 1`,
);

/**
 * Deletes everything of the queue; what happened before is still told. Who waits for the end of a task is told that it is removed,
 * and consumers are told to look: they find out that they are none any more, and join again.
 * Limits stay, and so does the number of the newest consumer: no name is ever used again.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept
 * Returns 1
 */
export const OBLITERATE = luaScript(
  'obliterate',
  `${CLAIMING}
call('DEL', P .. 'none')
for _, id in ipairs(call('HKEYS', waiters)) do tell(id, 'removed', '') end
for _, consumer in ipairs(call('ZRANGE', consumers, 0, -1)) do push(process_of(consumer), { 'd\\n' .. queue .. '\\n0' }) end
for _, name in ipairs(call('SMEMBERS', P .. 'lanes')) do call('UNLINK', P .. 'lane:' .. name) end
for _, group in ipairs(call('SMEMBERS', P .. 'heldgroups')) do call('UNLINK', P .. 'held:' .. group) end
for _, group in ipairs(call('HKEYS', P .. 'backlogs')) do room_for('pushers:' .. group) end
room_for('pushers')
for priority = 0, 9 do
  call('UNLINK', waiting .. ':' .. priority, P .. 'group:' .. priority, P .. 'turns:' .. priority)
end
local newest = call('HGET', meta, 'cid')
call('UNLINK',
  rec, waiting, delayed, active, consumers, idle, meta, out, tries, crashes, waiters, suspects, suspect, members,
  P .. 'completed', P .. 'dead', P .. 'cancelled', P .. 'expired', P .. 'parked', P .. 'blocked', P .. 'progress',
  P .. 'log', P .. 'history', P .. 'traits', P .. 'expiry', P .. 'unique', P .. 'uniques', P .. 'next', P .. 'flags',
  P .. 'inflight', P .. 'gtat', P .. 'gdue', P .. 'backlogs', P .. 'ghosts', P .. 'passes', P .. 'lanes', P .. 'ranks',
  P .. 'heldgroups', P .. 'pausednames', P .. 'lookers',
  P .. 'versions')
if newest then call('HSET', meta, 'cid', newest) end
-- Results that are kept for so long are found by their ids only: whoever gets such an id drops the old one.
if used('k') then call('HSET', meta, 'uses', 'k') end
if state[6] then call('HSET', meta, 'limits', state[6]) end
if state[8] then call('HSET', meta, 'events', state[8], 'eventsUntil', state[9]) end
return 1`,
);
