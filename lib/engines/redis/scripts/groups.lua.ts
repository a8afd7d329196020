/** traits_of(ids): by id; of tasks that have none, nothing. rank(priority): a place behind the others of that priority. */
export const TRAITS = `
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
export const GROUPS = `
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
