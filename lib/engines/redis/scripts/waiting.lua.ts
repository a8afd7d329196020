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
 * traits_of(ids): by id; of tasks that have none, nothing.
 */
const TRAITS = `
local traits_of, rank
local function level(priority) return priority == '5' and waiting or waiting .. ':' .. priority end
if rare then
function traits_of(ids)
  local found = {}
  if not used('t') then return found end
  for from = 1, #ids, 1000 do
    local list = call('HMGET', P .. 'traits', unpack(ids, from, math.min(from + 999, #ids)))
    for i, text in ipairs(list) do
      if text then
        local priority, group, mode, since, key = string.match(text, '^(%d)\\n([^\\n]*)\\n(%a*)\\n(%d*)\\n(.*)$')
        found[ids[from + i - 1]] = { priority = priority, group = group, mode = mode, since = since, key = key }
      end
    end
  end
  return found
end

-- Order within lanes and among what is held back: by priority, then as they came.
function rank(priority)
  return string.format('%.0f', (9 - tonumber(priority)) * 1e14 + call('HINCRBY', meta, 'seq', 1))
end
end -- rare
`;

/**
 * The virtual tags by which groups take turns: a task's turn is the newest that was served, or the one after the last
 * turn of its group, whichever is later. Nothing is kept of groups that have no turn to come.
 * backlog(group, by): how many tasks of a group wait, if that is limited; refused producers are told.
 */
const GROUPS = `
local turn, serve, room_for, backlog, hold_back, go_ahead, let_go_on, line_up, pass_on
if rare then
local served = {}
function turn(priority)
  served[priority] = served[priority] or tonumber(call('HGET', meta, 'turn:' .. priority) or 0)
  return served[priority]
end
function serve(priority, at)
  if at <= turn(priority) then return end
  served[priority] = at
  call('HSET', meta, 'turn:' .. priority, string.format('%.0f', at))
  call('ZREMRANGEBYSCORE', P .. 'turns:' .. priority, '-inf', at)
end

function room_for(who)
  for _, process in ipairs(call('SMEMBERS', P .. who)) do push(process, { 'r\\n' .. queue }) end
  call('DEL', P .. who)
end

function backlog(group, by)
  if not per_group.backlog or group == '' then return end
  local count = call('HINCRBY', P .. 'backlogs', group, by)
  if count <= 0 then call('HDEL', P .. 'backlogs', group) end
  if by < 0 and used('w') and count < per_group.backlog then room_for('pushers:' .. group) end
end

-- One that was let go on and is held back again has its old place.
function hold_back(id, group, priority)
  use('h')
  local at = call('HGET', P .. 'ranks', id) or rank(priority)
  call('HSET', P .. 'ranks', id, at)
  if call('ZADD', P .. 'held:' .. group, at, id) == 1 then call('HINCRBY', meta, 'held', 1) end
  call('SADD', P .. 'heldgroups', group)
end

-- It goes before all turns: what was given back, the newest first, then what was held back, in the order of that.
function go_ahead(id, priority)
  local held = call('HGET', P .. 'ranks', id)
  local before = held and tonumber(held) % 1e14 - 1e15 or -2e15 - call('HINCRBY', meta, 'seq', 1)
  call('ZADD', P .. 'group:' .. priority, string.format('%.0f', before), id)
end

-- So many of what is held back of a group take their turn now.
function let_go_on(group, count)
  local popped = count > 0 and call('ZPOPMIN', P .. 'held:' .. group, count) or {}
  if #popped == 0 then return end
  call('HINCRBY', meta, 'held', -#popped / 2)
  local ids = {}
  for i = 1, #popped, 2 do ids[#ids + 1] = popped[i] end
  local traits = traits_of(ids)
  for i = #ids, 1, -1 do go_ahead(ids[i], traits[ids[i]] and traits[ids[i]].priority or '5') end
  if call('EXISTS', P .. 'held:' .. group) == 0 then
    call('SREM', P .. 'heldgroups', group)
    call('ZREM', P .. 'gdue', group)
  end
end

-- Each gets the next turn of its group, behind those that have that turn already: their entries are counted in the
-- fraction of it. When that is used up the next turn begins. line: flat id, group pairs.
local ENTRIES = 65536
function line_up(line, priority)
  local entry = call('HINCRBY', meta, 'entries:' .. priority, #line / 2) - #line / 2
  local groups, known, turns, entries = {}, {}, {}, {}
  for i = 2, #line, 2 do
    if not known[line[i]] then
      groups[#groups + 1] = line[i]
      known[line[i]] = 0
    end
  end
  for from = 1, #groups, 1000 do
    local stored = call('ZMSCORE', P .. 'turns:' .. priority, unpack(groups, from, math.min(from + 999, #groups)))
    for i, at in ipairs(stored) do known[groups[from + i - 1]] = tonumber(at or 0) end
  end
  for i = 1, #line, 2 do
    local id, group = line[i], line[i + 1]
    entry = entry + 1
    if entry % ENTRIES == 0 then serve(priority, turn(priority) + 1) end
    local at = math.max(turn(priority), known[group])
    known[group] = at + 1
    entries[#entries + 1] = string.format('%.17g', at + entry % ENTRIES / ENTRIES)
    entries[#entries + 1] = id
  end
  for _, group in ipairs(groups) do
    turns[#turns + 1] = string.format('%.0f', known[group])
    turns[#turns + 1] = group
  end
  many('ZADD', P .. 'turns:' .. priority, turns)
  many('ZADD', P .. 'group:' .. priority, entries)
end

-- One that its group was let go on with has not used that: another one may.
function pass_on(group)
  if (per_group.concurrency or per_group.rate) and call('EXISTS', P .. 'held:' .. group) == 1 then let_go_on(group, 1) end
end
end -- rare
`;

/**
 * enqueue(ids, traits): they wait, behind the others; their traits, if they are known. put_first(ids): they wait, before
 * the others, in this order. delay(pairs_): flat due, id pairs. undelay(ids): they wait now. place_of(id): the state of a stored task, and its score there.
 * take_out(id, place): a task that is in nobody's hand is nowhere any more. live(ids, lists): without the
 * ghosts among them; lists: the priority of the list that they were popped from, or of each, false if it was none.
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
