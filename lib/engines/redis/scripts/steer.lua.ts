import { luaScript } from '../lua.js';
import { CLAIMING } from './claiming.lua.js';

/**
 * Deletes tasks that are in nobody's hand.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5… ids
 * Returns 'removed', 'missing' or 'active' for each
 */
export const REMOVE = luaScript(
  'remove',
  `${CLAIMING}
call('DEL', P .. 'none')
local answers = {}
for i = 5, #ARGV do
  local id = ARGV[i]
  local place = call('HEXISTS', rec, id) == 1 and place_of(id)
  answers[#answers + 1] = not place and 'missing' or place == 'active' and 'active' or 'removed'
  if place and place ~= 'active' then
    if FINAL[place] then let_leave(place, { id }) else take_out(id, place) end
    discard({ id })
  end
end
settle()
return answers`,
);

/**
 * Ends tasks that have not ended; the consumer that has one in hand is told, and it will not be tried again (B8).
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5… ids
 * Returns 'cancelled', 'cancelling', 'ended' or 'missing' for each
 */
export const CANCEL = luaScript(
  'cancel',
  `${CLAIMING}
call('DEL', P .. 'none')
local answers, holders = {}, nil
for i = 5, #ARGV do
  local id = ARGV[i]
  local place, at
  if call('HEXISTS', rec, id) == 1 then place, at = place_of(id) end
  if not place then
    answers[#answers + 1] = 'missing'
  elseif FINAL[place] then
    answers[#answers + 1] = 'ended'
  elseif place == 'active' then
    answers[#answers + 1] = 'cancelling'
    use('c')
    call('HSET', P .. 'flags', id, '1')
    if not holders then
      holders = {}
      for _, consumer in ipairs(call('ZRANGE', consumers, 0, -1)) do holders[tonumber(number(consumer))] = consumer end
    end
    local holder = holders[tonumber(at)]
    if holder then push(process_of(holder), { table.concat({ 'c', queue, holder, id }, '\\n') }) end
  else
    answers[#answers + 1] = 'cancelled'
    take_out(id, place)
    finish('cancelled', { id, '' })
  end
end
settle()
return answers`,
);

/**
 * Makes delayed tasks waiting now.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5… ids
 * Returns 1 for each that was delayed, else 0
 */
export const PROMOTE = luaScript(
  'promote',
  `${CLAIMING}
call('DEL', P .. 'none')
local answers, ids = {}, {}
for i = 5, #ARGV do
  local is_delayed = call('ZSCORE', delayed, ARGV[i]) and not ids[ARGV[i]]
  answers[#answers + 1] = is_delayed and 1 or 0
  if is_delayed then
    ids[#ids + 1] = ARGV[i]
    ids[ARGV[i]] = true
  end
end
undelay(ids)
settle()
return answers`,
);

/**
 * Begins ended or parked tasks anew.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 ms between them  6 ms until the first  7… ids
 * Returns 1 for each that it did, else 0
 */
export const RETRY = luaScript(
  'retry',
  `${CLAIMING}
call('DEL', P .. 'none')
local function base36(value)
  local text = ''
  repeat
    local digit = value % 36
    text = string.sub('0123456789abcdefghijklmnopqrstuvwxyz', digit + 1, digit + 1) .. text
    value = math.floor(value / 36)
  until value == 0
  return text
end
-- Its deadline counts from then: that is a delay since it was added, in its envelope.
local function begin_at(id, due)
  local head, time, rest = string.match(call('HGET', rec, id), '^([^\\n]*\\n)([0-9a-z]+)%+?[0-9a-z]*(\\n.*)$')
  if not time then return end
  local delay = math.ceil(due) - tonumber(time, 36)
  call('HSET', rec, id, head .. time .. (delay > 0 and '+' .. base36(delay) or '') .. rest)
end
local every, first, answers, done, at_once, later = tonumber(ARGV[5]), tonumber(ARGV[6]), {}, 0, {}, {}
for i = 7, #ARGV do
  local id = ARGV[i]
  local place, at
  if call('HEXISTS', rec, id) == 1 then place, at = place_of(id) end
  local can = place and (FINAL[place] or place == 'parked')
  local trait = can and traits_of({ id })[id]
  if trait and trait.key ~= '' then
    local holder = holder_of(trait.key)
    can = not holder or holder == id
    if can and not holder then call('HSET', P .. 'unique', trait.key, id) end
  end
  answers[#answers + 1] = can and 1 or 0
  if can then
    if place == 'dead' then remember(id, call('HGET', out, id) or '', tonumber(at)) end
    let_leave(place, { id })
    call('HDEL', out, id)
    call('HDEL', tries, id)
    call('HDEL', crashes, id)
    forget_results({ id })
    if used('x') then call('ZREM', P .. 'expiry', id) end
    local due = now + first + done * every
    begin_at(id, due)
    done = done + 1
    if due > now then
      later[#later + 1] = string.format('%.0f', due)
      later[#later + 1] = id
    else
      at_once[#at_once + 1] = id
    end
  end
end
delay(later)
enqueue(at_once)
publish('waiting', at_once)
settle()
if #later > 0 then nudge(first_of('delayed')) end
return answers`,
);

/**
 * Removes tasks in a state, the oldest first, at most 500.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 state  6 for how long they have to be in it, in ms
 * Returns how many
 */
export const CLEAN = luaScript(
  'clean',
  `${CLAIMING}
call('DEL', P .. 'none')
local state, ids = ARGV[5], {}
-- Some that wait, and whether they are in no place any more.
local function some(count)
  local found = call('LPOP', suspects, count) or {}
  if #found > 0 then return found, true end
  for priority = 9, 0, -1 do
    found = call('LPOP', level(tostring(priority)), count) or {}
    if #found > 0 then return live(found, tostring(priority)), true end
    found = call('ZRANGE', P .. 'group:' .. priority, 0, count - 1)
    if #found > 0 then return found end
  end
  for _, name in ipairs(call('SMEMBERS', P .. 'lanes')) do
    found = call('ZRANGE', P .. 'lane:' .. name, 0, count - 1)
    if #found > 0 then return found end
  end
  local group = call('SRANDMEMBER', P .. 'heldgroups')
  return group and call('ZRANGE', P .. 'held:' .. group, 0, count - 1) or {}
end
if state == 'waiting' then
  for _ = 1, 1000 do
    local found, popped = some(500 - #ids)
    if #found == 0 and not popped then break end
    for _, id in ipairs(found) do
      if not popped then take_out(id, 'waiting') end
      ids[#ids + 1] = id
    end
    if #ids == 500 then break end
  end
elseif state == 'delayed' or state == 'blocked' then
  ids = call('ZRANGE', P .. state, 0, 499)
  for _, id in ipairs(ids) do take_out(id, state) end
else
  ids = call('ZRANGEBYSCORE', P .. state, '-inf', now - tonumber(ARGV[6]), 'LIMIT', 0, 500)
  let_leave(state, ids)
end
discard(ids)
settle()
return #ids`,
);

/**
 * Nothing, or nothing of a name, is claimed until it is resumed.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 'pause' or 'resume'  6 name or ''
 * Returns 1
 */
export const PAUSE = luaScript(
  'pause',
  `${CLAIMING}
call('DEL', P .. 'none')
local name = ARGV[6]
if ARGV[5] == 'pause' then
  if name == '' then return call('HSET', meta, 'paused', 1) and 1 end
  use('n')
  return call('SADD', P .. 'pausednames', name) and 1
end
if name == '' then
  call('HDEL', meta, 'paused')
  paused = false
else
  call('SREM', P .. 'pausednames', name)
end
stirred = true
settle()
return 1`,
);
