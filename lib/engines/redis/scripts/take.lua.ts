import { LIMITS } from './limits.lua.js';
import { POP } from './pop.lua.js';

/**
 * hold(consumer, ids, records, suspected): the consumer has these in hand from now on; returns flat id, tries, envelope.
 */
const HOLD = `
local function hold(consumer, ids, records, suspected)
  local held, entries, cid = {}, {}, number(consumer)
  if #ids == 0 then return held end
  local attempts = call('EXISTS', tries) == 1 and call('HMGET', tries, unpack(ids))
  for i, id in ipairs(ids) do
    entries[#entries + 1] = cid
    entries[#entries + 1] = id
    held[#held + 1] = id
    held[#held + 1] = attempts and attempts[i] or '0'
    held[#held + 1] = records[i]
  end
  call('ZADD', active, unpack(entries))
  if uses ~= '' then
    if used('x') then call('ZREM', P .. 'expiry', unpack(ids)) end
    if used('h') then call('HDEL', P .. 'ranks', unpack(ids)) end
    if per_group.backlog and not suspected then
      for _, trait in pairs(traits_of(ids)) do backlog(trait.group, -1) end
    end
  end
  spend(#ids)
  publish('active', ids)
  return held
end
`;

/**
 * sift(ids, rooms): of ids that were popped, those that may begin, and their records; the others go where they belong:
 * an id without a record is dropped (A7), what is late or cancelled ends, what nobody may take by its name goes to its
 * lane, what is over the limit of its group is held back. is_old(consumer): it is a worker of the version before, which
 * knows of the one list only, and can't read what uses something new: that goes to a lane, where it does not look.
 */
const SIFT = `
local laned = 0
local may_begin, occupy, is_old, to_lane
local function sift(ids)
  local envelopes, chosen, records = call('HMGET', rec, unpack(ids)), {}, {}
  for i, id in ipairs(ids) do
    if envelopes[i] then
      chosen[#chosen + 1] = id
      records[#records + 1] = envelopes[i]
    end
  end
  return chosen, records
end
if rare then
local paused_names
function may_begin(name, rooms)
  if not paused_names then
    paused_names = {}
    for _, one in ipairs(call('SMEMBERS', P .. 'pausednames')) do paused_names[one] = true end
  end
  if paused_names[name] then return false end
  if not rooms then return true end
  local own = rooms.names[name]
  if own and own.free <= 0 then return false end
  return (own and own.apart) or rooms.shared > 0
end
function occupy(name, rooms, by)
  if not rooms then return end
  local own = rooms.names[name]
  if own then own.free = own.free - by end
  if not (own and own.apart) then rooms.shared = rooms.shared - by end
end

function is_old(consumer) return call('HEXISTS', P .. 'versions', process_of(consumer)) == 0 end

function to_lane(id, name, trait)
  use('n')
  call('SADD', P .. 'lanes', name)
  call('ZADD', P .. 'lane:' .. name, rank(trait and trait.priority or '5'), id)
  laned = laned + 1
  if trait and trait.group ~= '' then pass_on(trait.group) end
end

function sift(ids, rooms, old)
  if #ids == 0 then return {}, {} end
  local envelopes = call('HMGET', rec, unpack(ids))
  local expiries = used('x') and call('ZMSCORE', P .. 'expiry', unpack(ids))
  local flags = used('c') and call('HMGET', P .. 'flags', unpack(ids))
  local by_name = rooms or used('n')
  local by_group = per_group.concurrency or per_group.rate
  local traits = (by_name or by_group or expiries) and traits_of(ids) or {}
  local chosen, records, late, cancelled = {}, {}, {}, {}
  for i, id in ipairs(ids) do
    local envelope, trait = envelopes[i], traits[id]
    local name = envelope and by_name and name_of(envelope)
    local group = trait and trait.group or ''
    if not envelope then
      -- Deleted behind our back.
    elseif flags and flags[i] then
      cancelled[#cancelled + 1] = id
      cancelled[#cancelled + 1] = ''
    elseif expiries and expiries[i] and tonumber(expiries[i]) <= now then
      late[#late + 1] = id
      late[#late + 1] = ''
      backlog(group, -1)
      if group ~= '' then pass_on(group) end
    elseif old and string.sub(envelope, 1, 1) == '2' then
      to_lane(id, name_of(envelope), traits_of({ id })[id])
    elseif by_name and not may_begin(name, rooms) then
      to_lane(id, name, trait)
    else
      local ok, at = true, nil
      if by_group and group ~= '' then ok, at = admit_group(group) end
      if ok then
        if by_name then occupy(name, rooms, 1) end
        chosen[#chosen + 1] = id
        records[#records + 1] = envelope
      else
        hold_back(id, group, trait.priority)
        if at then call('ZADD', P .. 'gdue', at, group) end
      end
    end
  end
  finish('cancelled', cancelled)
  finish('expired', late)
  return chosen, records
end
end -- rare
`;

/**
 * take(consumer, count, rooms, old): it holds so many of what waits, if there are and limits allow it; at most 1000 looks.
 * accuse(consumer, rooms): it holds the next suspect, if there is one and it has none yet. Both return what hold() does.
 */
export const TAKE = `${LIMITS}${HOLD}${SIFT}${POP}
-- How many tasks wait that somebody might take, not counting lanes, and in lanes.
local function claimable_counts()
  local count, lanes = call('LLEN', waiting), 0
  if used('t') then
    count = 0
    for priority = 0, 9 do count = count + length(tostring(priority)) end
  end
  if used('n') then
    for _, name in ipairs(call('SMEMBERS', P .. 'lanes')) do
      if may_begin(name) then lanes = lanes + call('ZCARD', P .. 'lane:' .. name) end
    end
  end
  return count, lanes
end

function claimable()
  local count, lanes = claimable_counts()
  return count + lanes + call('LLEN', suspects) > 0
end

-- A take gave up before it had seen everything.
local unseen = false
local function take(consumer, count, rooms, old)
  local held, looks = {}, 0
  count = capacity(count)
  while #held / 3 < count and looks < 1000 do
    local ids, lists = pop(math.min(count - #held / 3, 1000 - looks), rooms, old)
    if #ids == 0 then break end
    looks = looks + #ids
    if rare then ids = live(ids, lists) end
    local chosen, records = sift(ids, rooms, old)
    for _, value in ipairs(hold(consumer, chosen, records)) do held[#held + 1] = value end
  end
  unseen = looks >= 1000 and #held / 3 < count
  return held
end

local function accuse(consumer, rooms)
  local held = {}
  if capacity(1) == 0 or call('HEXISTS', suspect, consumer) == 1 then return held end
  for _, id in ipairs(call('LRANGE', suspects, 0, 99)) do
    if not rare or may_begin(name_of(call('HGET', rec, id) or ' '), rooms) then
      call('LREM', suspects, 1, id)
      local chosen, records = sift({ id }, rooms)
      if chosen[1] then
        call('HSET', suspect, consumer, id)
        return hold(consumer, chosen, records, true)
      end
    end
  end
  return held
end
`;
