import { GROUPS, TRAITS } from './groups.lua.js';

/**
 * Where tasks wait: a list for each priority, a sorted set of those with a group beside it, lanes for names that could
 * not be claimed, and what is held back of groups at their limit.
 *
 *   traits      hash  id -> priority, group, mode, since, unique key, a line each (of tasks that have such)
 *   group:<p>   zset  id -> turn                    turns:<p>   zset  group -> its next free turn
 *   lane:<name> zset  id -> rank                    lanes       set   names with a lane
 *   held:<g>    zset  id -> rank                    heldgroups  set   groups that have such
 *   ranks       hash  id -> its rank among what was held back, until it begins
 *   ghosts      hash  priority and id -> how often it lies in that list though it was taken out of it
 *   inflight    hash  group -> active tasks         gdue, gtat  zset, hash  group -> time of its next token, bucket
 *   backlogs    hash  group -> tasks that wait or are delayed
 *
 * enqueue(ids, traits): they wait, behind the others; their traits, if they are known. put_first(ids): they wait, before
 * the others, in this order. delay(pairs_): flat due, id pairs. undelay(ids): they wait now. place_of(id): the state of
 * a stored task, and its score there. take_out(id, place): a task that is in nobody's hand is nowhere any more.
 * live(ids, lists): without the ghosts among them; lists: the priority of the list that they were popped from, or of each, false if it was none.
 */
export const WAITING = `${TRAITS}${GROUPS}
local function enqueue(ids, traits)
  if not used('t') then return many('RPUSH', waiting, ids) end
  traits = traits or traits_of(ids)
  local lists, lines = {}, {}
  for _, id in ipairs(ids) do
    local trait = traits[id]
    if trait and trait.group ~= '' then
      backlog(trait.group, 1)
      lines[trait.priority] = lines[trait.priority] or {}
      table.insert(lines[trait.priority], id)
      table.insert(lines[trait.priority], trait.group)
    else
      local list = level(trait and trait.priority or '5')
      lists[list] = lists[list] or {}
      table.insert(lists[list], id)
    end
  end
  for list, part in pairs(lists) do many('RPUSH', list, part) end
  for priority, line in pairs(lines) do line_up(line, priority) end
end

-- Of what lies in a list, the ghosts come first: before the task itself comes to its head, they have to go.
local function lay_ghosts(id, priority)
  local count = tonumber(call('HGET', P .. 'ghosts', priority .. id) or 0)
  if count == 0 then return end
  call('LREM', level(priority), count, id)
  call('HDEL', P .. 'ghosts', priority .. id)
  call('HINCRBY', meta, 'ghosts', -count)
end

local function put_first(ids)
  if not used('t') then
    for last = #ids, 1, -1000 do
      local part = {}
      for i = last, math.max(1, last - 999), -1 do
        part[#part + 1] = ids[i]
        if used('d') then lay_ghosts(ids[i], '5') end
      end
      call('LPUSH', waiting, unpack(part))
    end
    return
  end
  local traits = traits_of(ids)
  for i = #ids, 1, -1 do
    local id, trait = ids[i], traits[ids[i]]
    if trait and trait.group ~= '' then
      backlog(trait.group, 1)
      go_ahead(id, trait.priority)
    else
      local priority = trait and trait.priority or '5'
      if used('d') then lay_ghosts(id, priority) end
      call('LPUSH', level(priority), id)
    end
  end
end

local function delay(pairs_)
  many('ZADD', delayed, pairs_)
  if not per_group.backlog then return end
  local ids = {}
  for i = 2, #pairs_, 2 do ids[#ids + 1] = pairs_[i] end
  for _, trait in pairs(traits_of(ids)) do backlog(trait.group, 1) end
end

-- They fall due now, or were asked for.
local function undelay(ids)
  if #ids == 0 then return end
  many('ZREM', delayed, ids)
  if per_group.backlog then
    for _, trait in pairs(traits_of(ids)) do backlog(trait.group, -1) end
  end
  enqueue(ids)
  publish('waiting', ids)
end

local place_of, take_out, live, waiting_count
if rare then
local PLACES = { 'active', 'delayed', 'completed', 'dead', 'parked', 'cancelled', 'expired', 'blocked' }
function place_of(id)
  for _, name in ipairs(PLACES) do
    local score = call('ZSCORE', P .. name, id)
    if score then return name, score end
  end
  return 'waiting'
end

function take_out(id, place)
  if place ~= 'waiting' and place ~= 'delayed' then return call('ZREM', P .. place, id) end
  if place == 'waiting' and call('LREM', suspects, 1, id) == 1 then return end
  local trait = traits_of({ id })[id]
  if trait then backlog(trait.group, -1) end
  if place == 'delayed' then return call('ZREM', delayed, id) end
  if used('n') and call('ZREM', P .. 'lane:' .. name_of(call('HGET', rec, id) or ' '), id) == 1 then return end
  if trait and trait.group ~= '' then
    if call('ZREM', P .. 'group:' .. trait.priority, id) == 1 then return pass_on(trait.group) end
    if call('ZREM', P .. 'held:' .. trait.group, id) == 1 then return call('HINCRBY', meta, 'held', -1) end
    -- A worker of the version before has promoted it.
  end
  use('d')
  call('HINCRBY', P .. 'ghosts', (trait and trait.priority or '5') .. id, 1)
  call('HINCRBY', meta, 'ghosts', 1)
end

function live(ids, lists)
  if not used('d') or #ids == 0 then return ids end
  local fields, left, found = {}, {}, {}
  for i, id in ipairs(ids) do
    local list = lists
    if type(lists) == 'table' then list = lists[i] end
    fields[i] = list and list .. id or ''
  end
  local counts = call('HMGET', P .. 'ghosts', unpack(fields))
  for i, field in ipairs(fields) do
    local count = left[field] or tonumber(counts[i] or 0)
    if count > 0 then
      left[field] = count - 1
      if call('HINCRBY', P .. 'ghosts', field, -1) == 0 then call('HDEL', P .. 'ghosts', field) end
      call('HINCRBY', meta, 'ghosts', -1)
    else
      left[field] = 0
      found[#found + 1] = ids[i]
    end
  end
  return found
end

-- How many tasks wait, wherever.
function waiting_count()
  local count = call('LLEN', waiting) + call('LLEN', suspects)
  if uses == '' then return count end
  if used('t') then
    for priority = 0, 9 do
      if priority ~= 5 then count = count + call('LLEN', waiting .. ':' .. priority) end
      if used('g') then count = count + call('ZCARD', P .. 'group:' .. priority) end
    end
  end
  if used('n') then
    for _, name in ipairs(call('SMEMBERS', P .. 'lanes')) do count = count + call('ZCARD', P .. 'lane:' .. name) end
  end
  local numbers = call('HMGET', meta, 'held', 'ghosts')
  return count + tonumber(numbers[1] or 0) - tonumber(numbers[2] or 0)
end
end -- rare
`;
