/**
 * pop(count, rooms, old): the next ids in order, whatever is to become of them, and from which lists, as live() wants to
 * know; none when nothing is left to look at.
 */
export const POP = `
local length, pop_lane, pop_weighted, pop_level
local function pop(count) return call('LPOP', waiting, count) or {} end
if rare then
function pop_level(priority, count, ids, lists)
  local list, group = level(priority), P .. 'group:' .. priority
  local function popped(id, from)
    ids[#ids + 1] = id
    lists[#ids] = from
  end
  local grouped = used('g') and call('ZCARD', group) or 0
  if grouped == 0 then
    for _, id in ipairs(call('LPOP', list, count) or {}) do popped(id, priority) end
    return
  end
  local lined = call('LLEN', list)
  if lined == 0 then
    local entries = call('ZPOPMIN', group, count)
    for i = 1, #entries, 2 do popped(entries[i], false) end
    serve(priority, math.floor(tonumber(entries[#entries])))
    -- Nobody is there to be overtaken: no turn has to be remembered.
    if #entries / 2 == grouped then call('DEL', P .. 'turns:' .. priority) end
    return
  end
  -- Those without a group take turns as if they were one.
  local own = tonumber(call('HGET', meta, 'own:' .. priority) or 0)
  for _ = 1, count do
    local first = call('ZRANGE', group, 0, 0, 'WITHSCORES')
    own = math.max(own, turn(priority))
    if lined > 0 and (not first[1] or own <= math.floor(tonumber(first[2]))) then
      popped(call('LPOP', list), priority)
      lined = lined - 1
      serve(priority, own)
      own = own + 1
    elseif first[1] then
      popped(call('ZPOPMIN', group)[1], false)
      serve(priority, math.floor(tonumber(first[2])))
    else
      break
    end
  end
  call('HSET', meta, 'own:' .. priority, string.format('%.0f', own))
end

function length(priority)
  local count = call('LLEN', level(priority))
  return used('g') and count + call('ZCARD', P .. 'group:' .. priority) or count
end

-- Stride scheduling (Waldspurger 1995): who has gone the least way goes next, and a weight makes steps short.
function pop_weighted(count)
  local stored, way, left, least = call('HGETALL', P .. 'passes'), {}, {}, nil
  for i = 1, #stored, 2 do way[stored[i]] = tonumber(stored[i + 1]) end
  for p = 0, 9 do
    local priority = tostring(p)
    left[priority] = length(priority)
    if left[priority] > 0 and way[priority] then least = math.min(least or FAR, way[priority]) end
  end
  local shares, order = {}, {}
  for _ = 1, count do
    local best
    for p = 9, 0, -1 do
      local priority = tostring(p)
      if left[priority] > 0 then
        way[priority] = way[priority] or least or 0
        if not best or way[priority] < way[best] then best = priority end
      end
    end
    if not best then break end
    left[best] = left[best] - 1
    shares[best] = (shares[best] or 0) + 1
    order[#order + 1] = best
    way[best] = way[best] + 1 / limits.weights[tonumber(best) + 1]
  end
  local popped, ids, lists = {}, {}, {}
  for priority, share in pairs(shares) do
    popped[priority] = { ids = {}, lists = {}, at = 0 }
    pop_level(priority, share, popped[priority].ids, popped[priority].lists)
  end
  for _, priority in ipairs(order) do
    local part = popped[priority]
    part.at = part.at + 1
    if part.ids[part.at] then
      ids[#ids + 1] = part.ids[part.at]
      lists[#ids] = part.lists[part.at]
    end
  end
  call('DEL', P .. 'passes')
  for priority, far in pairs(way) do
    if left[priority] > 0 then call('HSET', P .. 'passes', priority, string.format('%.17g', far)) end
  end
  return ids, lists
end

function pop_lane(count, rooms)
  for _, name in ipairs(call('SMEMBERS', P .. 'lanes')) do
    if may_begin(name, rooms) then
      local own = rooms and rooms.names[name]
      local most = math.min(count, own and own.free or count, rooms and not (own and own.apart) and rooms.shared or count)
      local popped = call('ZPOPMIN', P .. 'lane:' .. name, most)
      if #popped == 0 then
        call('SREM', P .. 'lanes', name)
      else
        local ids = {}
        for i = 1, #popped, 2 do ids[#ids + 1] = popped[i] end
        return ids
      end
    end
  end
end

function pop(count, rooms, old)
  if old then return call('LPOP', waiting, count) or {}, '5' end
  local ids, lists = used('n') and pop_lane(count, rooms), {}
  if ids then return ids end
  if not used('t') then return call('LPOP', waiting, count) or {}, '5' end
  if limits.weights then return pop_weighted(count) end
  ids = {}
  for priority = 9, 0, -1 do
    pop_level(tostring(priority), count - #ids, ids, lists)
    if #ids == count then break end
  end
  return ids, lists
end
end -- rare
`;
