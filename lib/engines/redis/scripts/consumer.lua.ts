import { ENVELOPE_VERSIONS } from '../../../task/task.envelope.js';
import { luaScript, NOW } from '../lua.js';
import { CLAIMING, PLAIN_CLAIMING } from './claiming.lua.js';
import { ELECT } from './elect.lua.js';

/** give_back(consumer, kept): what it has in hand and is not in the set `kept` goes to the head; the consumer is no more. */
const GIVE_BACK = `
local function give_back(consumer, kept)
  local process, cid = process_of(consumer), number(consumer)
  local ids, back = call('ZRANGEBYSCORE', active, cid, cid), {}
  for _, id in ipairs(ids) do
    if not kept[id] then back[#back + 1] = id end
  end
  let_go(back)
  put_first(without_cancelled(back))
  if call('HGET', members, process) == consumer then call('HDEL', members, process) end
  call('HDEL', P .. 'versions', process)
  call('ZREM', consumers, consumer)
  call('ZREM', idle, consumer)
  if used('l') then call('SREM', P .. 'lookers', consumer) end
  call('HDEL', suspect, consumer)
end
`;

/**
 * Makes a new consumer; the one before it, whose last call has an unknown outcome, is no more (A1). So is any other of
 * the same process: a join of unknown outcome made it, and the repeat takes over from it. A task that was taken away in
 * the meantime, as from the dead, is cleared of the blame: its worker lives.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 process  6 idle lease  7 previous consumer or ''  8… ids to keep
 * Returns { consumer, ids kept }
 */
export const JOIN = luaScript(
  'join',
  `${CLAIMING}${ELECT}${GIVE_BACK}
local process, idle_lease, previous = ARGV[5], tonumber(ARGV[6]), ARGV[7]
call('DEL', P .. 'none')
hear()
local cid = math.max(tonumber(call('HGET', meta, 'cid') or 0) + 1, now)
local self = string.format('%.0f', cid) .. ':' .. process
call('HSET', meta, 'cid', cid)
local before = { call('HGET', members, process) or nil }
if previous ~= '' and previous ~= before[1] then before[#before + 1] = previous end
local kept, ids = {}, {}
for i = 8, #ARGV do
  local id, mine = ARGV[i], false
  local holder = tonumber(call('ZSCORE', active, id) or -1)
  for _, consumer in ipairs(before) do
    if holder == tonumber(number(consumer)) then
      mine = true
      if call('HGET', suspect, consumer) == id then call('HSET', suspect, self, id) end
    end
  end
  if mine then
    kept[id] = true
    ids[#ids + 1] = id
    call('ZADD', active, cid, id)
  elseif tonumber(call('HGET', crashes, id) or 0) > 0 then
    call('HINCRBY', crashes, id, -1)
  end
end
for _, consumer in ipairs(before) do give_back(consumer, kept) end
call('HSET', members, process, self)
call('HSET', P .. 'versions', process, '${ENVELOPE_VERSIONS.at(-1) ?? ''}')
call('ZADD', consumers, now + (#ids > 0 and lease or idle_lease), self)
spread()
elect(self, 0, FAR)
return { self, ids }`,
);

/**
 * Ends a consumer; what it has in hand goes back to the head of the queue.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 consumer
 * Returns 1
 */
export const LEAVE = luaScript(
  'leave',
  `${CLAIMING}${ELECT}${GIVE_BACK}
local self = ARGV[5]
if not call('ZSCORE', consumers, self) then return 1 end
call('DEL', P .. 'none')
hear()
give_back(self, {})
spread()
elect(self, 0, FAR)
return 1`,
);

/**
 * Extends a lease and says whether a step would find something. A consumer that believes itself idle and was handed a
 * task which it has not seen yet keeps the short lease; when that is over, the push was lost, and it has to join again. It is
 * told once more what of its own was cancelled (B8).
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 consumer  6 idle lease  7 'busy' or 'idle'
 * Returns 'lost', 'ok', 'look' or 'tidy'
 */
export const BEAT = luaScript(
  'beat',
  `${PLAIN_CLAIMING}
local self, idle_lease, is_busy = ARGV[5], tonumber(ARGV[6]), ARGV[7] == 'busy'
local deadline = tonumber(call('ZSCORE', consumers, self) or -1)
if deadline < 0 then return 'lost' end
call('DEL', P .. 'none')
if used('c') then
  for _, id in ipairs(call('HKEYS', P .. 'flags')) do
    if tonumber(call('ZSCORE', active, id) or -1) == tonumber(number(self)) then
      push(process_of(self), { table.concat({ 'c', queue, self, id }, '\\n') })
    end
  end
end
if is_busy then
  hear()
  call('ZADD', consumers, now + lease, self)
  -- While it was overdue, what was added may have passed it by.
  if deadline < now then return 'look' end
elseif deadline > now + lease then
  call('ZADD', consumers, now + idle_lease, self)
elseif deadline < now then
  local cid = number(self)
  if call('ZCOUNT', active, cid, cid) > 0 then return 'lost' end
end
local dead = call('ZRANGE', consumers, 0, 0, 'WITHSCORES')
if tonumber(dead[2]) < now then return 'look' end
if is_busy then return 'ok' end
local some = rare or call('EXISTS', waiting, suspects, P .. 'parked') > 0
if some and capacity(1) > 0 and claimable() then return 'look' end
if rare then
  if used('x') and call('ZCOUNT', P .. 'expiry', '-inf', now) > 0 then return 'look' end
  if per_group.rate and call('ZCOUNT', P .. 'gdue', '-inf', now) > 0 then return 'look' end
end
local first = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
if first[2] and tonumber(first[2]) < now then return 'look' end
return some and call('EXISTS', P .. 'parked') == 1 and 'tidy' or 'ok'`,
);

/**
 * Extends the leases of consumers that have nothing in hand, each of another queue. Where somebody has something in hand,
 * that may be one of these, which does not know of it yet and whose short lease must not be made a long one: then none
 * is extended, and each of them beats. On a Cluster it has to be one call for each slot.
 *
 * KEYS  1… prefixes
 * ARGV  1… consumer and idle lease, for each prefix
 * Returns 1, or 0 when one of them has to beat
 */
export const REST = luaScript(
  'rest',
  `${NOW}
local call, held, known = redis.call, {}, 1
for i, P in ipairs(KEYS) do held[i] = P .. 'active' end
if call('EXISTS', unpack(held)) > 0 then return 0 end
call('DEL', KEYS[1] .. 'none')
for i, P in ipairs(KEYS) do
  if call('ZADD', P .. 'consumers', 'XX', 'CH', now + tonumber(ARGV[2 * i]), ARGV[2 * i - 1]) == 0 then known = 0 end
end
return known`,
);
