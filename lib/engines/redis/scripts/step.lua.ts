import { luaScript } from '../lua.js';
import { FINISH, QUEUE, SPREAD } from './queue.lua.js';

/**
 * due(self): when somebody idle has to look again: a delayed task, or the lease of another consumer that is at work.
 * elect(self, free, news): an idle consumer becomes the keeper of that time if there is none; returns ms until then, or
 * -1; the others look after it, in case it is dead. The keeper is told of `news`, a time that it may not know of; FAR: somebody else has to be it from now on.
 */
export const KEEPER = `
local function due(self)
  local first = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  local at = tonumber(first[2] or FAR)
  local others = call('ZRANGE', consumers, 0, 1, 'WITHSCORES')
  for i = 1, #others, 2 do
    local deadline = tonumber(others[i + 1])
    if others[i] ~= self and deadline <= now + lease then
      return math.min(at, math.max(deadline + 1, grace), now + math.floor(lease * 0.4))
    end
  end
  return at
end

local function elect(self, free, news)
  local mine = call('HGET', meta, 'keeper') == self
  local chosen, known = nil, FAR
  if not mine then chosen, known = keeper() end
  -- A keeper at work has to be watched itself: one that has nothing in hand takes its place.
  if chosen and free > 0 and alive(self) > now + lease and alive(chosen) <= now + lease then chosen = nil end
  if chosen then
    if news and news < known then nudge(news, self) end
    return free > 0 and known < FAR and math.max(0, known + PATIENCE + 1 - now) or -1
  end
  if free > 0 then
    local at = due(self)
    call('HSET', meta, 'keeper', self, 'keeperAt', string.format('%.0f', at))
    return at < FAR and math.max(0, at - now) or -1
  end
  if mine then call('HDEL', meta, 'keeper', 'keeperAt') end
  if mine or news then
    local at = due(self)
    if at < FAR then nudge(at, self) end
  end
  return -1
end
`;

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
    finish('dead', { id, '\\n!' .. count }, keep_dead)
  else
    call('RPUSH', suspects, id)
  end
end

local function bury(consumer)
  local process, cid = process_of(consumer), number(consumer)
  call('ZREM', consumers, consumer)
  call('ZREM', idle, consumer)
  if call('HGET', members, process) == consumer then call('HDEL', members, process) end
  call('PEXPIRE', wakes .. process, 60000)
  local ids = call('ZRANGEBYSCORE', active, cid, cid)
  if #ids == 0 then return end
  many('ZREM', active, ids)
  local accused = call('HGET', suspect, consumer) or (#ids == 1 and ids[1])
  call('HDEL', suspect, consumer)
  local innocent = {}
  for i = #ids, 1, -1 do
    local id = ids[i]
    if id == accused then
      blame(id)
    elseif not accused and call('HSETNX', crashes, id, 0) == 0 then
      call('RPUSH', suspects, id)
    else
      innocent[#innocent + 1] = id
    end
  end
  many('LPUSH', waiting, innocent)
end

local function reap()
  local dead = call('ZRANGEBYSCORE', consumers, '-inf', '(' .. now, 'LIMIT', 0, 10)
  if #dead == 0 or grace > now then return end
  for _, consumer in ipairs(dead) do
    if consumer ~= self then bury(consumer) end
  end
end
`;

/** accuse(consumer): it holds the next suspect, if there is one and it has none yet; returns what hold() does. */
const ACCUSE = `
local function accuse(consumer)
  for _ = 1, call('HEXISTS', suspect, consumer) == 0 and 100 or 0 do
    local id = call('LPOP', suspects)
    if not id then break end
    local held = hold(consumer, { id })
    if #held > 0 then
      call('HSET', suspect, consumer, id)
      return held
    end
  end
  return {}
end
`;

/**
 * Acknowledges, promotes, reaps, claims, hands over. Checks come before the first write; the caller's lease is proof
 * that everything it has in hand is its own, so a late acknowledgement changes nothing (I2).
 *
 * KEYS  1 prefix  2 the caller's wake list
 * ARGV  1 queue  2 wake prefix  3 lease  4 consumer  5 slots  6 idle lease  7 max crashes  8 completed kept
 *       9 dead kept  10… (to, id, outcome, tries, delay) of each acknowledgement, at most 1000
 * Returns nil when the consumer is dead, else { ms until the next look or -1, flat id, tries, envelope of the claimed,
 *       messages taken from the wake list }
 */
export const STEP = luaScript(
  'step',
  2,
  `${QUEUE}
local self, slots, idle_lease = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local max_crashes, keep_completed, keep_dead = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local deadline = call('ZSCORE', consumers, self)
if not deadline then return nil end
call('DEL', P .. 'none')
${FINISH}${SPREAD}${KEEPER}${REAP}${ACCUSE}
hear(self)
-- Acknowledgements.
local acked, completed, dead, parked, retried, used, news = {}, {}, {}, {}, {}, {}, nil
for i = 10, #ARGV, 5 do
  local to, id, outcome = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  acked[#acked + 1] = id
  local list = to == 'completed' and completed or to == 'dead' and dead or to == 'parked' and parked or retried
  list[#list + 1] = id
  list[#list + 1] = outcome
  if tonumber(ARGV[i + 3]) > 0 and to ~= 'completed' then
    used[#used + 1] = id
    used[#used + 1] = ARGV[i + 3]
  end
end
if #acked > 0 then
  call('ZREM', active, unpack(acked))
  if call('EXISTS', crashes) == 1 then call('HDEL', crashes, unpack(acked)) end
  local accused = call('HGET', suspect, self)
  if accused and not call('ZSCORE', active, accused) then call('HDEL', suspect, self) end
  if #used > 0 then call('HSET', tries, unpack(used)) end
  if #completed > 0 then finish('completed', completed, keep_completed) end
  if #dead > 0 then finish('dead', dead, keep_dead) end
  if #parked > 0 then
    call('HSET', out, unpack(parked))
    for i = 1, #parked, 2 do call('ZADD', P .. 'parked', now, parked[i]) end
  end
  if #retried > 0 then
    call('HSET', out, unpack(retried))
    for i = 10, #ARGV, 5 do
      if ARGV[i] == 'retry' then
        local delay = tonumber(ARGV[i + 4])
        if delay > 0 then
          call('ZADD', delayed, now + delay, ARGV[i + 1])
          news = math.min(news or FAR, now + delay)
        else
          call('RPUSH', waiting, ARGV[i + 1])
        end
      end
    end
  end
end
-- What fell due, and what dead consumers had.
local promoted = call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, 500)
if #promoted > 0 then
  call('ZREM', delayed, unpack(promoted))
  call('RPUSH', waiting, unpack(promoted))
end
reap()
-- What was handed over lies on the wake list and is counted as in hand already.
local handed = call('LPOP', KEYS[2], 1000)
local cid = number(self)
local in_hand = call('ZCOUNT', active, cid, cid)
local free = math.min(slots - in_hand, 1000)
local claimed = {}
local quarantine = call('LLEN', suspects) > 0
if quarantine and free > 0 then claimed = accuse(self) end
for _ = 1, 10 do
  local wanted = free - #claimed / 3
  if wanted <= 0 then break end
  local ids = call('LPOP', waiting, wanted)
  if not ids then break end
  for _, value in ipairs(hold(self, ids)) do claimed[#claimed + 1] = value end
end
in_hand = in_hand + #claimed / 3
free = math.max(0, slots - in_hand)
if free > 0 then call('ZADD', idle, free, self) else call('ZREM', idle, self) end
if in_hand == 0 then
  call('ZADD', consumers, now + idle_lease, self)
elseif tonumber(deadline) > now + lease then
  watch(self)
else
  call('ZADD', consumers, now + lease, self)
end
-- What is left is for idle others.
if quarantine then
  local others = call('ZREVRANGE', idle, 0, 99, 'WITHSCORES')
  for i = 1, #others, 2 do
    local consumer, deadline = others[i], alive(others[i])
    if consumer ~= self and deadline then hand(consumer, deadline, tonumber(others[i + 1]), accuse(consumer)) end
  end
end
spread()
local next = elect(self, free, news)
if #promoted == 500 then next = 0 end
return { next, claimed, handed or {} }`,
);
