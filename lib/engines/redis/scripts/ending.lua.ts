/** forget(ids): nothing of these tasks is left, in whatever state they were. */
const FORGET = `
local function forget(ids)
  if #ids == 0 then return end
  call('HDEL', rec, unpack(ids))
  call('HDEL', out, unpack(ids))
  if uses ~= '' then
    if used('t') then call('HDEL', P .. 'traits', unpack(ids)) end
    if used('x') then call('ZREM', P .. 'expiry', unpack(ids)) end
    if used('h') then call('HDEL', P .. 'ranks', unpack(ids)) end
    if used('r') then call('HDEL', P .. 'history', unpack(ids)) end
  end
  if call('EXISTS', tries, crashes, P .. 'progress', P .. 'log') > 0 then
    call('HDEL', tries, unpack(ids))
    call('HDEL', crashes, unpack(ids))
    call('HDEL', P .. 'progress', unpack(ids))
    call('HDEL', P .. 'log', unpack(ids))
  end
end
`;

/**
 * What is kept of ended tasks. bytes_of(ids): their size. let_leave(state, ids): they are no more in that state.
 * trim(state): the oldest are dropped until what is left is within count and bytes.
 */
const KEEPING = `
local FINAL = { completed = true, dead = true, cancelled = true, expired = true }
-- How many, and how many bytes of them; -1: any.
local function kept_of(state)
  local count, bytes = string.match(keeps, state .. '=(%d+),(-?%d+)')
  return tonumber(count), tonumber(bytes)
end

local function bytes_of(ids)
  local bytes = 200 * #ids
  for _, id in ipairs(ids) do
    for _, text in ipairs({ rec, out, P .. 'progress', P .. 'log', P .. 'history' }) do
      bytes = bytes + call('HSTRLEN', text, id)
    end
  end
  return bytes
end

-- Counting begins when it is first asked for, with what is there.
local function count_bytes(state, ids, sign)
  if not used('y') then return end
  local field = 'bytes:' .. state
  if call('HEXISTS', meta, field) == 1 then call('HINCRBY', meta, field, sign * bytes_of(ids)) end
end

local function let_leave(state, ids)
  if #ids == 0 then return end
  call('ZREM', P .. state, unpack(ids))
  if FINAL[state] then count_bytes(state, ids, -1) end
end

local function trim(state, count, allowed)
  local over = math.min(call('ZCARD', P .. state) - count, 1000)
  if over > 0 then
    local oldest = call('ZRANGE', P .. state, 0, over - 1)
    let_leave(state, oldest)
    forget(oldest)
  end
  if allowed < 0 then return end
  local field = 'bytes:' .. state
  if call('HEXISTS', meta, field) == 0 then
    use('y')
    call('HSET', meta, field, bytes_of(call('ZRANGE', P .. state, 0, -1)))
  end
  for _ = 1, 1000 do
    if tonumber(call('HGET', meta, field)) <= allowed then return end
    local oldest = call('ZRANGE', P .. state, 0, 0)
    if #oldest == 0 then return call('HSET', meta, field, 0) end
    let_leave(state, oldest)
    forget(oldest)
  end
end
`;

/**
 * Unique keys. free_keys(ids): these tasks end or are removed; what was blocked by one of them takes its place.
 * remember(id, outcome, at): a failed attempt goes to the task's history.
 *
 *   unique  hash  key -> id of the task that has it     uniques  zset  key -> until ms (of those with an end)
 *   next    hash  id -> the task that is blocked by it
 */
const UNIQUE = `
local holder_of, free_keys
if rare then
function holder_of(key)
  local till = call('ZSCORE', P .. 'uniques', key)
  if till and tonumber(till) <= now then
    call('HDEL', P .. 'unique', key)
    call('ZREM', P .. 'uniques', key)
    return nil
  end
  return call('HGET', P .. 'unique', key) or nil
end

local function unblock(id)
  local due = tonumber(call('ZSCORE', P .. 'blocked', id) or -1)
  if due < 0 then return end
  call('ZREM', P .. 'blocked', id)
  local trait = traits_of({ id })[id]
  if trait and not holder_of(trait.key) then
    call('HSET', P .. 'unique', trait.key, id)
    call('ZREM', P .. 'uniques', trait.key)
  end
  if due > now then
    delay({ string.format('%.0f', due), id })
  else
    enqueue({ id })
    publish('waiting', { id })
  end
end

function free_keys(ids)
  if not used('u') then return end
  for id, trait in pairs(traits_of(ids)) do
    if trait.key ~= '' then
      local holder = call('HGET', P .. 'unique', trait.key)
      -- A throttled key is free when its time is over; one that was taken again, by a retry, has none.
      if holder == id and not (trait.mode == 'throttle' and call('ZSCORE', P .. 'uniques', trait.key)) then
        call('HDEL', P .. 'unique', trait.key)
        call('ZREM', P .. 'uniques', trait.key)
      end
      if used('b') then
        local blocked_one = call('HGET', P .. 'next', id)
        call('HDEL', P .. 'next', id)
        if blocked_one then
          unblock(blocked_one)
        elseif holder and holder ~= id and call('HGET', P .. 'next', holder) == id then
          call('HDEL', P .. 'next', holder)
        end
      end
    end
  end
end

end

local HISTORY_BYTES = 65536
local function remember(id, outcome, at)
  use('r')
  local line = string.gsub(string.gsub(outcome, '%%', '%%25'), '\\n', '%%0A')
  local known = call('HGET', P .. 'history', id)
  local text = (known and known .. '\\n' or '') .. string.format('%.0f', at) .. ' ' .. line
  while #text > HISTORY_BYTES and string.find(text, '\\n', 1, true) do
    text = string.sub(text, string.find(text, '\\n', 1, true) + 1)
  end
  call('HSET', P .. 'history', id, text)
end
`;

/**
 * finish(state, items): the only way into a final state, for tasks that are in no other. items: flat id, outcome pairs,
 * at most 1000. drop(items): the same for completed ones of which nothing is to be kept.
 * discard(ids): they are removed, whatever they were.
 */
export const FINISH = `${FORGET}${KEEPING}${UNIQUE}
-- Results that outlive their tasks, of tasks that are removed or begin anew.
local function forget_results(ids)
  if not used('k') then return end
  for _, id in ipairs(ids) do call('DEL', P .. 'result:' .. id) end
end

local function conclude(state, items, most, bytes)
  local ended, ids, outcomes = {}, {}, {}
  for i = 1, #items, 2 do
    ids[#ids + 1] = items[i]
    outcomes[#outcomes + 1] = items[i + 1]
    ended[#ended + 1] = now
    ended[#ended + 1] = items[i]
  end
  if rare then
    publish(state, ids, outcomes)
    free_keys(ids)
    if used('x') then call('ZREM', P .. 'expiry', unpack(ids)) end
    if used('c') then call('HDEL', P .. 'flags', unpack(ids)) end
  end
  if most > 0 then
    call('ZADD', P .. state, unpack(ended))
    call('HSET', out, unpack(items))
    count_bytes(state, ids, 1)
    trim(state, most, bytes)
  else
    forget(ids)
  end
  if call('EXISTS', waiters) == 1 then
    for i = 1, #items, 2 do tell(items[i], state, items[i + 1]) end
  end
end

local function finish(state, items)
  if #items > 0 then conclude(state, items, kept_of(state)) end
end
local function drop(items)
  if #items > 0 then conclude('completed', items, 0) end
end

local discard, expire
if rare then
function discard(ids)
  if #ids == 0 then return end
  free_keys(ids)
  forget(ids)
  forget_results(ids)
  if used('c') then call('HDEL', P .. 'flags', unpack(ids)) end
  if call('EXISTS', waiters) == 1 then
    for _, id in ipairs(ids) do tell(id, 'removed', '') end
  end
end

-- What nobody has claimed in time.
function expire()
  if not used('x') then return end
  local late = call('ZRANGEBYSCORE', P .. 'expiry', '-inf', now, 'LIMIT', 0, 500)
  local items = {}
  for _, id in ipairs(late) do
    call('ZREM', P .. 'expiry', id)
    local place = place_of(id)
    if place == 'waiting' or place == 'delayed' or place == 'parked' or place == 'blocked' then
      take_out(id, place)
      items[#items + 1] = id
      items[#items + 1] = ''
    end
  end
  finish('expired', items)
  return #late == 500
end
end -- rare
`;
