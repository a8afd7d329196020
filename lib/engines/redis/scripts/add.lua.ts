import { luaScript } from '../lua.js';
import { CLAIMING_FUNCTIONS } from './claiming.lua.js';
import { QUEUE, RARE_QUEUE } from './queue.lua.js';
import { USUAL_ADD } from './usual.lua.js';

/**
 * supersede(id, by, place): the task `by` takes the place of this one, and of what was blocked by it.
 * block(id, due, holder): the task waits for the end of the holder, in place of what did so before.
 */
const REPLACE = `
local supersede, block
if rare then
local function cancel_for(id, by, place)
  take_out(id, place)
  finish('cancelled', { id, '\\n!r' .. by })
end

function supersede(id, by, place)
  local blocked_one = used('b') and call('HGET', P .. 'next', id)
  if blocked_one then cancel_for(blocked_one, by, 'blocked') end
  cancel_for(id, by, place)
end

function block(id, due, holder)
  use('b')
  local before = call('HGET', P .. 'next', holder)
  if before then cancel_for(before, id, 'blocked') end
  call('ZADD', P .. 'blocked', string.format('%.0f', due), id)
  call('HSET', P .. 'next', holder, id)
  return before
end
end -- rare
`;

/** How tasks are told: the arguments of each, and how due and traits are read from the i-th on. */
interface Telling {
  readonly width: number;
  readonly rest: string;
}

const PLAIN: Telling = { width: 2, rest: "'', ''" };
const ANY: Telling = { width: 4, rest: 'ARGV[i + 2], ARGV[i + 3]' };

/**
 * Stores tasks whose ids and unique keys are free, or that take another one's place, as far as the backlog allows, and
 * hands what is due to idle consumers.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 process  6… (id, envelope, due, traits) each
 *       due: '' now, '+ms' from now, 'ms' since the epoch; if none has due or traits, they are left out
 *       traits: '', or priority, group, ms to expire, mode, ttl, longest wait, unique key, a line each
 * Returns how many were added, when that is all of them, or for each task 1 when it was added, 0 when its id was taken, 'r' and the id that it has taken the place of, 'e'
 *       and the id that has its unique key, 'f' when the backlog is full
 */
const add = (
  queue: string,
  usual: string,
  { width, rest }: Telling,
): string => `${queue}${usual}${CLAIMING_FUNCTIONS}${REPLACE}
local ids, answers, records = {}, {}, {}
-- Envelope, due and traits of the n-th.
local function told(n)
  local i = 6 + (n - 1) * ${width}
  return ARGV[i + 1], ${rest}
end
-- Tasks that hinge on nothing but their ids are stored together.
local plain = limits.backlog == nil and per_group.backlog == nil
for i = 6, #ARGV, ${width} do
  ids[#ids + 1] = ARGV[i]
  local _, _, traits = told(#ids)
  if traits ~= '' and string.sub(traits, -1) ~= '\\n' then plain = false end
end
local present = call('HMGET', rec, unpack(ids))
local now_due, later, fresh, seen, special = {}, {}, {}, {}, nil
local traits, expiries, known = {}, {}, {}
local TRAITS = '^(%d)\\n([^\\n]*)\\n(%d*)\\n(%a*)\\n(%d*)\\n(%d*)\\n(.*)$'

local function due_at(text)
  if text == '' then return now end
  return math.max(now, string.sub(text, 1, 1) == '+' and now + tonumber(text) or tonumber(text))
end

local function add_plain(n, id)
  local envelope, due, text = told(n)
  due = due_at(due)
  records[#records + 1] = id
  records[#records + 1] = envelope
  if text ~= '' then
    local priority, group, expires = string.match(text, TRAITS)
    if priority ~= '5' or group ~= '' then
      known[id] = { priority = priority, group = group }
      traits[#traits + 1] = id
      traits[#traits + 1] = priority .. '\\n' .. group .. '\\n\\n\\n'
      if group ~= '' then use('g') end
    end
    if expires ~= '' then
      expiries[#expiries + 1] = string.format('%.0f', due + tonumber(expires))
      expiries[#expiries + 1] = id
    end
  end
  if due > now then
    later[#later + 1] = due
    later[#later + 1] = id
  else
    now_due[#now_due + 1] = id
  end
  return 1
end

local depth = limits.backlog and waiting_count() + call('ZCARD', delayed)
-- At once, since the next one may make room again.
local function refuse(pushers)
  use('w')
  call('SADD', P .. pushers, ARGV[5])
  return true
end
-- Whether there is no room for one more, or for one more of the group.
local function is_full(grows, group)
  if grows and depth and depth >= limits.backlog then
    return refuse('pushers')
  end
  if per_group.backlog and group ~= '' and tonumber(call('HGET', P .. 'backlogs', group) or 0) >= per_group.backlog then
    return refuse('pushers:' .. group)
  end
end

local function add_special(n, id)
  local envelope, due, text = told(n)
  due = due_at(due)
  local priority, group, expires, mode, ttl, longest, key = '5', '', '', '', '', '', ''
  if text ~= '' then
    priority, group, expires, mode, ttl, longest, key = string.match(text, TRAITS)
  end
  local holder, since, replaced, blocker = key ~= '' and holder_of(key) or nil, now, nil, nil
  local place = holder and call('HEXISTS', rec, holder) == 1 and place_of(holder)
  local trait = place and traits_of({ holder })[holder]
  -- Another task may have got the id since.
  if place and not (trait and trait.key == key) then place = nil end
  -- The version before ends and removes tasks without a look at their keys.
  if holder and (not place or FINAL[place]) and not call('ZSCORE', P .. 'uniques', key) then holder = nil end
  if holder then
    local in_hand = place == 'active'
    if mode == 'reject' or mode == 'throttle' or mode == 'replace' and in_hand then return 'e' .. holder end
    if in_hand then
      blocker = mode == 'keepLast' and holder or nil
    elseif place and not FINAL[place] then
      replaced = holder
      if trait.mode == 'debounce' then since = tonumber(trait.since) end
    end
  end
  local grows = not blocker and not (replaced and (place == 'waiting' or place == 'delayed'))
  local growing_group = blocker and '' or group
  if replaced and not grows and trait.group == group then growing_group = '' end
  if is_full(grows, growing_group) then return 'f' end
  call('HSET', rec, id, envelope)
  if depth and grows then depth = depth + 1 end
  if replaced then supersede(replaced, id, place) end
  if mode == 'debounce' then
    due = now + tonumber(ttl)
    if longest ~= '' then due = math.max(now, math.min(due, since + tonumber(longest))) end
  end
  if priority ~= '5' or group ~= '' or key ~= '' then
    use('t')
    if group ~= '' then use('g') end
    call('HSET', P .. 'traits', id, table.concat({ priority, group, mode, string.format('%.0f', since), key }, '\\n'))
  end
  if expires ~= '' then
    use('x')
    call('ZADD', P .. 'expiry', string.format('%.0f', due + tonumber(expires)), id)
  end
  if key ~= '' then
    use('u')
    if blocker then
      replaced = block(id, due, blocker)
      return replaced and 'r' .. replaced or 1
    end
    call('HSET', P .. 'unique', key, id)
    if ttl ~= '' and mode ~= 'debounce' then
      call('ZADD', P .. 'uniques', string.format('%.0f', now + tonumber(ttl)), key)
    else
      call('ZREM', P .. 'uniques', key)
    end
  end
  if due > now then
    delay({ string.format('%.0f', due), id })
    special = math.min(special or FAR, due)
  else
    enqueue({ id })
    publish('waiting', { id })
    fresh[#fresh + 1] = id
  end
  return replaced and 'r' .. replaced or 1
end

for n, id in ipairs(ids) do
  if present[n] or seen[id] then
    answers[n] = 0
  else
    answers[n] = plain and add_plain(n, id) or not plain and add_special(n, id)
    seen[id] = answers[n] == 1 or string.sub(answers[n], 1, 1) == 'r'
    if seen[id] then forget_results({ id }) end
  end
end
if #records > 0 then
  call('HSET', rec, unpack(records))
  if #traits > 0 then
    use('t')
    call('HSET', P .. 'traits', unpack(traits))
  end
  if #expiries > 0 then
    use('x')
    call('ZADD', P .. 'expiry', unpack(expiries))
  end
  if #later > 0 then delay(later) end
  if #now_due > 0 then enqueue(now_due, known) end
  publish('waiting', now_due)
  fresh = now_due
end
if #fresh > 0 or #later > 0 or special or uses ~= '' then
  spread()
  local at = math.min(special_due(), (#later > 0 or special) and first_of('delayed') or FAR)
  if at < FAR then nudge(at) end
end
return answers`;

export const ADD = luaScript('add', add(QUEUE, USUAL_ADD, PLAIN));

/** When one of the tasks is due later. */
export const ADD_LATER = luaScript('addLater', add(QUEUE, '', ANY));

/** When one of the tasks has traits. */
export const ADD_WITH_TRAITS = luaScript('addWithTraits', add(RARE_QUEUE, '', ANY));
