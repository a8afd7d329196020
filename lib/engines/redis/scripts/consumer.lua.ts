import { luaScript } from '../lua.js';
import { QUEUE, SPREAD } from './queue.lua.js';
import { KEEPER } from './step.lua.js';

/** give_back(consumer, kept): what it has in hand and is not in the set `kept` goes to the head; the consumer is no more. */
const GIVE_BACK = `
local function give_back(consumer, kept)
  local cid = number(consumer)
  local ids, back = call('ZRANGEBYSCORE', active, cid, cid), {}
  for i = #ids, 1, -1 do
    if not kept[ids[i]] then back[#back + 1] = ids[i] end
  end
  if #back > 0 then
    call('ZREM', active, unpack(back))
    call('LPUSH', waiting, unpack(back))
  end
  call('ZREM', consumers, consumer)
  call('ZREM', idle, consumer)
  call('HDEL', suspect, consumer)
end
`;

/**
 * Makes a new consumer; the one before it, whose last call has an unknown outcome, is no more (A1). A task of it that
 * was taken away in the meantime, as from the dead, is cleared of the blame: its worker lives.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 process  5 idle lease  6 previous consumer or ''  7… ids to keep
 * Returns { consumer, ids kept }
 */
export const JOIN = luaScript(
  'join',
  1,
  `${QUEUE}${SPREAD}
local process, idle_lease, previous = ARGV[4], tonumber(ARGV[5]), ARGV[6]
call('DEL', P .. 'none')
local cid = math.max(tonumber(call('HGET', meta, 'cid') or 0) + 1, now)
local self = string.format('%.0f', cid) .. ':' .. process
call('HSET', meta, 'cid', cid)
local last = tonumber(call('HGET', meta, 'last') or now)
if now - last > lease / 2 then call('HSET', meta, 'graceUntil', now + lease) end
call('HSET', meta, 'last', now)
local kept, ids = {}, {}
${GIVE_BACK}
if previous ~= '' then
  local old, accused = number(previous), call('HGET', suspect, previous)
  for i = 7, #ARGV do
    local id = ARGV[i]
    local holder = call('ZSCORE', active, id)
    if holder and tonumber(holder) == tonumber(old) then
      kept[id] = true
      ids[#ids + 1] = id
      call('ZADD', active, cid, id)
      if accused == id then call('HSET', suspect, self, id) end
    else
      local blamed = call('HGET', crashes, id)
      if blamed and tonumber(blamed) > 0 then call('HINCRBY', crashes, id, -1) end
    end
  end
  give_back(previous, kept)
end
call('ZADD', consumers, now + (#ids > 0 and lease or idle_lease), self)
spread()
return { self, ids }`,
);

/**
 * Ends a consumer; what it has in hand goes back to the head of the queue.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 consumer
 * Returns 1
 */
export const LEAVE = luaScript(
  'leave',
  1,
  `${QUEUE}${SPREAD}${KEEPER}${GIVE_BACK}
local self = ARGV[4]
if not call('ZSCORE', consumers, self) then return 1 end
call('DEL', P .. 'none')
give_back(self, {})
spread()
elect(self, 0)
return 1`,
);

/**
 * Extends a lease and says whether a step would find something. A consumer that believes itself idle and was handed a
 * task which it has not seen yet keeps the short lease.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 consumer  5 idle lease  6 'busy' or 'idle'
 * Returns 'lost', 'ok', 'look' or 'tidy'
 */
export const BEAT = luaScript(
  'beat',
  1,
  `${QUEUE}
local self, idle_lease, is_busy = ARGV[4], tonumber(ARGV[5]), ARGV[6] == 'busy'
local deadline = call('ZSCORE', consumers, self)
if not deadline then return 'lost' end
call('DEL', P .. 'none')
if is_busy then
  local last = tonumber(call('HGET', meta, 'last') or now)
  if now - last > lease / 2 then call('HSET', meta, 'graceUntil', now + lease) end
  call('HSET', meta, 'last', now)
  call('ZADD', consumers, now + lease, self)
elseif tonumber(deadline) > now + lease then
  call('ZADD', consumers, now + idle_lease, self)
end
local dead = call('ZRANGE', consumers, 0, 0, 'WITHSCORES')
if tonumber(dead[2]) < now then return 'look' end
if is_busy then return 'ok' end
if call('EXISTS', waiting, suspects) > 0 then return 'look' end
local first = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
if first[2] and tonumber(first[2]) < now then return 'look' end
return call('EXISTS', P .. 'parked') == 1 and 'tidy' or 'ok'`,
);
