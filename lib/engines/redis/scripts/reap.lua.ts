/**
 * reap(): what dead consumers had in hand is taken back. Nobody is declared dead within a lease of a silence in which
 * nobody at all was heard of (Redis was away, or its clock jumped: B1). A task that was alone in hand, or the one
 * suspect, is blamed for the death; of many, those that were there before become suspects; the others just run again.
 */
export const REAP = `
local function blame(id)
  local count = call('HINCRBY', crashes, id, 1)
  if count >= max_crashes then
    call('HDEL', crashes, id)
    finish('dead', { id, '\\n!' .. count })
  else
    call('RPUSH', suspects, id)
  end
end

local function bury(consumer)
  local process, cid = process_of(consumer), number(consumer)
  call('ZREM', consumers, consumer)
  call('ZREM', idle, consumer)
  if used('l') then call('SREM', P .. 'lookers', consumer) end
  if call('HGET', members, process) == consumer then call('HDEL', members, process) end
  call('HDEL', P .. 'versions', process)
  call('PEXPIRE', wakes .. process, 60000)
  local ids = call('ZRANGEBYSCORE', active, cid, cid)
  if #ids == 0 then return end
  local accused = call('HGET', suspect, consumer) or (#ids == 1 and ids[1])
  let_go(ids)
  ids = without_cancelled(ids)
  call('HDEL', suspect, consumer)
  local innocent = {}
  for _, id in ipairs(ids) do
    if id == accused then
      blame(id)
    elseif not accused and call('HSETNX', crashes, id, 0) == 0 then
      call('RPUSH', suspects, id)
    else
      innocent[#innocent + 1] = id
    end
  end
  put_first(innocent)
end

local function reap()
  local dead = call('ZRANGEBYSCORE', consumers, '-inf', '(' .. now, 'LIMIT', 0, 10)
  if #dead == 0 or grace > now then return end
  for _, consumer in ipairs(dead) do
    if consumer ~= self then bury(consumer) end
  end
end
`;
