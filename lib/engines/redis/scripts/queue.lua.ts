import { NOW } from '../lua.js';

/*
 * What the scripts of a queue share. Every script has KEYS[1] = the queue's prefix `ns:{queue}:` (one slot, so that all
 * of its keys may be named from it) and begins its ARGV with queue name, prefix of the wake lists, and lease in ms.
 *
 *   rec        hash   id -> envelope                 waiting    list   ids, next one at the head
 *   delayed    zset   id -> due ms                   active     zset   id -> number of the consumer that has it
 *   consumers  zset   consumer -> lease deadline ms  idle       zset   consumer -> free slots
 *   completed, dead, parked   zset id -> ended ms    out        hash   id -> outcome of the newest ended attempt
 *   tries      hash   id -> attempts used            crashes    hash   id -> workers it killed (0: implicated)
 *   suspects   list   ids to be run one per consumer suspect    hash   consumer -> suspect in its hand
 *   waiters    hash   id -> processes to be told     progress, log  hash id -> text
 *   members    hash   process -> its consumer
 *   meta       hash   cid: newest consumer number, last: when a consumer was heard of, graceUntil, keeper, keeperAt
 *
 * A consumer is `<number>:<process>`; its wake list is the process's. All times are ms. Rules that hold everywhere:
 * no error is raised after the first write; whatever must work when memory is full begins with a DEL.
 */
export const QUEUE = `local P = KEYS[1]
local queue, wakes, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
${NOW}
local rec, waiting, delayed, active = P .. 'rec', P .. 'waiting', P .. 'delayed', P .. 'active'
local consumers, idle, meta = P .. 'consumers', P .. 'idle', P .. 'meta'
local out, tries, crashes, waiters = P .. 'out', P .. 'tries', P .. 'crashes', P .. 'waiters'
local suspects, suspect, members = P .. 'suspects', P .. 'suspect', P .. 'members'
local FAR, PATIENCE = 9e15, 2000
local call = redis.call

local function number(consumer) return string.match(consumer, '^%d+') end
local function process_of(consumer) return string.match(consumer, ':(.+)$') end

-- Its deadline, or nil when it is dead.
local function alive(consumer)
  local deadline = tonumber(call('ZSCORE', consumers, consumer) or -1)
  return deadline >= now and deadline or nil
end

-- The command with many arguments; unpack takes 8000 at most (X3).
local function many(command, key, list)
  for i = 1, #list, 1000 do call(command, key, unpack(list, i, math.min(i + 999, #list))) end
end
`;

/**
 * hear(self): somebody at work was heard of; if that one is the keeper, it has looked. After a silence (Redis was away,
 * its clock jumped, or there was nothing to do) nobody is declared dead for a lease; when the clock was set back, a lease
 * is a lease again (B1).
 */
export const HEAR = `
local grace = 0
local function hear(self)
  local state = call('HMGET', meta, 'last', 'graceUntil', 'keeper', 'keeperAt')
  if self and state[3] == self and tonumber(state[4]) + PATIENCE < now then call('HSET', meta, 'keeperAt', now) end
  local last = tonumber(state[1] or now)
  grace = math.min(tonumber(state[2] or 0), now + lease)
  if now < last then
    for _, consumer in ipairs(call('ZRANGEBYSCORE', consumers, '(' .. now + lease, '+inf')) do
      local cid = number(consumer)
      if call('ZCOUNT', active, cid, cid) > 0 then call('ZADD', consumers, now + lease, consumer) end
    end
    call('HSET', meta, 'last', now, 'graceUntil', grace)
  elseif now - last > lease / 2 then
    grace = now + lease
    call('HSET', meta, 'last', now, 'graceUntil', grace)
  else
    call('HSET', meta, 'last', now)
  end
end
`;

/** forget(ids): nothing of these tasks is left, in whatever state they were. */
export const FORGET = `
local function forget(ids)
  call('HDEL', rec, unpack(ids))
  call('HDEL', out, unpack(ids))
  if call('EXISTS', tries, crashes, P .. 'progress', P .. 'log') > 0 then
    call('HDEL', tries, unpack(ids))
    call('HDEL', crashes, unpack(ids))
    call('HDEL', P .. 'progress', unpack(ids))
    call('HDEL', P .. 'log', unpack(ids))
  end
end
`;

/** tell(id, state, outcome): whoever waits for the end of the task is told, once. */
export const TELL = `
local function tell(id, state, outcome)
  local processes = call('HGET', waiters, id)
  if not processes then return end
  for process in string.gmatch(processes, '%S+') do
    local message = table.concat({ 'f', queue, id, state, outcome }, '\\n')
    -- A process that is gone never pops it; a list with tasks in it must not expire, however.
    if call('RPUSH', wakes .. process, message) == 1 then call('PEXPIRE', wakes .. process, 60000) end
  end
  call('HDEL', waiters, id)
end
`;

/** finish(state, items, keep): the only way into a final state. items: flat id, outcome pairs, at most 1000. */
export const FINISH = `${FORGET}${TELL}
local function finish(state, items, keep)
  local ended, ids = {}, {}
  for i = 1, #items, 2 do
    ids[#ids + 1] = items[i]
    ended[#ended + 1] = now
    ended[#ended + 1] = items[i]
  end
  if keep > 0 then
    call('ZADD', P .. state, unpack(ended))
    call('HSET', out, unpack(items))
    local over = math.min(call('ZCARD', P .. state) - keep, 1000)
    if over > 0 then
      local oldest = call('ZRANGE', P .. state, 0, over - 1)
      call('ZREM', P .. state, unpack(oldest))
      forget(oldest)
    end
  else
    forget(ids)
  end
  if call('EXISTS', waiters) == 1 then
    for i = 1, #items, 2 do tell(items[i], state, items[i + 1]) end
  end
end
`;

/**
 * hold(consumer, ids): the consumer has these in hand from now on; returns flat id, tries, envelope. An id without a
 * record is dropped (A7). nudge(at, except): some idle consumer will look again at that time (B6), and
 * another one after it, should that one be dead.
 * hand(consumer, deadline, free, held): what it has been made to hold is pushed to the idle consumer.
 * spread(): idle consumers are handed what waits, each a share; the task itself lies on its wake list.
 */
export const SPREAD = `${HEAR}
local function hold(consumer, ids)
  if #ids == 0 then return ids end
  local records = call('HMGET', rec, unpack(ids))
  local used = call('EXISTS', tries) == 1 and call('HMGET', tries, unpack(ids))
  local held, entries, cid = {}, {}, number(consumer)
  for i, id in ipairs(ids) do
    if records[i] then
      entries[#entries + 1] = cid
      entries[#entries + 1] = id
      held[#held + 1] = id
      held[#held + 1] = used and used[i] or '0'
      held[#held + 1] = records[i]
    end
  end
  if #entries > 0 then call('ZADD', active, unpack(entries)) end
  return held
end

-- The idle consumer that knows when to look again, and that time. One that has not looked PATIENCE after it may be dead, and
-- counts as idle again when it is heard of.
local function keeper()
  local entry = call('HMGET', meta, 'keeper', 'keeperAt')
  local consumer, at = entry[1], tonumber(entry[2] or FAR)
  if not consumer then return nil, at end
  if at + PATIENCE < now then call('ZREM', idle, consumer) end
  if not call('ZSCORE', idle, consumer) or not alive(consumer) then return nil, at end
  return consumer, at
end

-- An idle consumer that is neither of these two.
local function another(one, two)
  for _, consumer in ipairs(call('ZREVRANGE', idle, 0, 9)) do
    if consumer ~= one and consumer ~= two and alive(consumer) then return consumer end
  end
end

local function remind(consumer, at)
  call('RPUSH', wakes .. process_of(consumer), table.concat({ 'd', queue, math.max(0, at - now) }, '\\n'))
end

local function nudge(at, except)
  local chosen, known = keeper()
  if not chosen or chosen == except then
    chosen = another(except)
    if not chosen then return end
    at = math.min(at, math.max(known, now))
  elseif at >= known then
    return
  end
  call('HSET', meta, 'keeper', chosen, 'keeperAt', at)
  remind(chosen, at)
  local deputy = another(except, chosen)
  if deputy then remind(deputy, at + PATIENCE + 1) end
end

-- A consumer that has something in hand must be heard of within a lease, and another one watches it.
local function watch(consumer)
  call('ZADD', consumers, now + lease, consumer)
  nudge(now + math.floor(lease * 0.4), consumer)
end

local function hand(consumer, deadline, free, held)
  local messages = {}
  for i = 1, #held, 3 do
    messages[#messages + 1] = table.concat({ 't', queue, consumer, held[i], held[i + 1], held[i + 2] }, '\\n')
  end
  if #messages == 0 then return end
  local wake = wakes .. process_of(consumer)
  if call('RPUSH', wake, unpack(messages)) > #messages then call('PERSIST', wake) end
  if #messages < free then call('ZINCRBY', idle, -#messages, consumer) else call('ZREM', idle, consumer) end
  if deadline > now + lease then watch(consumer) end
end

local function spread()
  for _ = 1, 1000 do
    local top = call('ZREVRANGE', idle, 0, 0, 'WITHSCORES')
    if not top[1] then return end
    local waits = call('LLEN', waiting)
    if waits == 0 then return end
    local consumer, free = top[1], tonumber(top[2])
    local deadline = alive(consumer)
    if not deadline then
      call('ZREM', idle, consumer)
    else
      local share = math.min(free, math.ceil(waits / call('ZCARD', idle)), 500)
      if deadline > now + lease then hear() end
      hand(consumer, deadline, free, hold(consumer, call('LPOP', waiting, share)))
    end
  end
end
`;
