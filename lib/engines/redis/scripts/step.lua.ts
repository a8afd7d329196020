import { luaScript } from '../lua.js';
import { CLAIMING_FUNCTIONS } from './claiming.lua.js';
import { ELECT } from './elect.lua.js';
import { QUEUE, RARE_QUEUE } from './queue.lua.js';
import { REAP } from './reap.lua.js';
import { USUAL_STEP } from './usual.lua.js';

/**
 * read_rooms(text): what a consumer can take of each name: `shared`, then `free apart name` for each, a line each.
 * room_of(rooms): how many tasks that are at most.
 */
const ROOMS = `
local function read_rooms(text)
  if text == '' then return nil end
  local rooms = { shared = tonumber(string.match(text, '^%d+')), names = {} }
  for free, apart, name in string.gmatch(text, '\\n(%d+) (%d) ([^\\n]+)') do
    rooms.names[name] = { free = tonumber(free), apart = apart == '1' }
  end
  return rooms
end
local function room_of(rooms)
  local count = rooms.shared
  for _, own in pairs(rooms.names) do
    if own.apart then count = count + math.max(0, own.free) end
  end
  return math.max(0, count)
end
`;

/** How acknowledgements are told: the arguments of each, and how they are read from the i-th on. */
interface Telling {
  readonly width: number;
  readonly read: string;
}

const COMPLETIONS: Telling = {
  width: 2,
  read: "local id, outcome, to, attempt, extra = ARGV[i], ARGV[i + 1], 'completed', 0, ''",
};

const ENDINGS: Telling = {
  width: 5,
  read: 'local id, outcome, to, attempt, extra = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3]), ARGV[i + 4]',
};

/**
 * Acknowledges, promotes, ends what has expired, reaps, claims, hands over. Checks come before the first write; the
 * caller's lease is proof that everything it has in hand is its own, so a late acknowledgement changes nothing (I2).
 *
 * KEYS  1 prefix  2 the caller's wake list
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 consumer  6 slots  7 idle lease  8 max crashes  9 rooms or ''
 *       10… id and outcome of each acknowledgement, at most 1000, and, if some are not plain completions, to, tries,
 *       delay or for completed ms to keep it or ''
 * Returns nil when the consumer is dead, else { ms until the next look or -1, ids of the claimed, their envelopes, their
 *       tries (none: all 0), messages taken from the wake list }
 */
const step = (queue: string, usual: string, { width, read }: Telling): string => `${queue}
local self, slots, idle_lease = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local max_crashes = tonumber(ARGV[8])
local deadline = call('ZSCORE', consumers, self)
if not deadline then return nil end
local claimed = {}
${usual}${CLAIMING_FUNCTIONS}
call('DEL', P .. 'none')
${ELECT}${REAP}${ROOMS}
hear(self)
-- Acknowledgements.
local flagged = {}
if used('c') and ARGV[10] then
  local ids = {}
  for i = 10, #ARGV, ${width} do ids[#ids + 1] = ARGV[i] end
  for i, flag in ipairs(call('HMGET', P .. 'flags', unpack(ids))) do
    if flag then flagged[ids[i]] = true end
  end
end
local acked, completed, nowhere, dead, cancelled, parked = {}, {}, {}, {}, {}, {}
local again, later, failed, failures, dues, attempts, news = {}, {}, {}, {}, {}, {}, nil
for i = 10, #ARGV, ${width} do
  ${read}
  acked[#acked + 1] = id
  local list = completed
  if to == 'completed' then
    if extra == '0' then list = nowhere end
    if extra ~= '' and extra ~= '0' then
      use('k')
      call('SET', P .. 'result:' .. id, outcome, 'PX', extra)
    end
  else
    if attempt > 0 then
      attempts[#attempts + 1] = id
      attempts[#attempts + 1] = attempt
    end
    list = to == 'parked' and parked or to == 'cancelled' and cancelled or to == 'dead' and dead or again
    if flagged[id] then
      list = cancelled
    elseif to == 'dead' or to == 'retry' then
      failed[#failed + 1] = id
      failures[#failures + 1] = outcome
    end
    if list == again then
      local due = now + tonumber(extra)
      dues[#dues + 1] = due
      if due > now then
        later[#later + 1] = string.format('%.0f', due)
        later[#later + 1] = id
        news = math.min(news or FAR, due)
      end
    end
  end
  list[#list + 1] = id
  list[#list + 1] = outcome
end
if #acked > 0 then
  let_go(acked)
  stirred = limits.concurrency ~= nil
  if call('EXISTS', crashes) == 1 then call('HDEL', crashes, unpack(acked)) end
  local accused = call('HGET', suspect, self)
  if accused and not call('ZSCORE', active, accused) then call('HDEL', suspect, self) end
  if #attempts > 0 then call('HSET', tries, unpack(attempts)) end
  publish('failed', failed, failures)
  finish('completed', completed)
  drop(nowhere)
  finish('dead', dead)
  finish('cancelled', cancelled)
  if #parked > 0 then
    call('HSET', out, unpack(parked))
    local ids, outcomes = {}, {}
    for i = 1, #parked, 2 do
      call('ZADD', P .. 'parked', now, parked[i])
      ids[#ids + 1] = parked[i]
      outcomes[#outcomes + 1] = parked[i + 1]
    end
    publish('parked', ids, outcomes)
  end
  if #again > 0 then
    call('HSET', out, unpack(again))
    local ids, outcomes, at_once = {}, {}, {}
    for i = 1, #again, 2 do
      local id, outcome = again[i], again[i + 1]
      remember(id, outcome, now)
      ids[#ids + 1] = id
      outcomes[#outcomes + 1] = outcome
      if dues[#ids] <= now then at_once[#at_once + 1] = id end
    end
    publish('retrying', ids, outcomes, dues)
    delay(later)
    enqueue(at_once)
    publish('waiting', at_once)
  end
end
-- What fell due, and what dead consumers had.
local promoted = call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, 500)
undelay(promoted)
local more = #promoted == 500
if rare then
  more = expire() or more
  refill_groups()
end
reap()
-- What was handed over is counted as in hand already.
local cid = number(self)
local in_hand = call('ZCOUNT', active, cid, cid)
local rooms = read_rooms(ARGV[9])
local free = math.min(rooms and room_of(rooms) or slots - in_hand, 1000)
local quarantine = call('LLEN', suspects) > 0
local accused = quarantine and free > 0 and accuse(self, rooms) or {}
local taken = take(self, free - #accused / 3, rooms)
for _, held in ipairs({ accused, taken }) do
  in_hand = in_hand + #held / 3
  for _, value in ipairs(held) do claimed[#claimed + 1] = value end
end
more = more or unseen
free = math.max(0, rooms and room_of(rooms) or slots - in_hand)
if free > 0 then call('ZADD', idle, free, self) else call('ZREM', idle, self) end
if rooms then
  use('l')
  call('SADD', P .. 'lookers', self)
elseif used('l') then
  call('SREM', P .. 'lookers', self)
end
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
    local consumer, room, deadline = others[i], tonumber(others[i + 1]), alive(others[i])
    if consumer ~= self and deadline and not looks(consumer) then hand(consumer, deadline, room, accuse(consumer)) end
  end
end
spread(self)
local special = special_due()
if special < FAR then news = math.min(news or FAR, special) end
local next = elect(self, free, news)
if more then next = 0 end
local ids, records, attempts = {}, {}, {}
for i = 1, #claimed, 3 do
  ids[#ids + 1], attempts[#ids + 1], records[#ids + 1] = claimed[i], claimed[i + 1], claimed[i + 2]
end
-- Last, so that what this call itself has told the caller is not overtaken by what it tells it afterwards.
return { next, ids, records, attempts, call('LPOP', KEYS[2], 1000) or {} }`;

/** With no acknowledgements but completions of which the usual is kept. */
export const STEP = luaScript('step', step(QUEUE, USUAL_STEP, COMPLETIONS));

/** With acknowledgements of any kind. */
export const STEP_WITH_ENDINGS = luaScript('stepWithEndings', step(QUEUE, '', ENDINGS));

/** With rooms, and acknowledgements of any kind. */
export const STEP_WITH_ROOMS = luaScript('stepWithRooms', step(RARE_QUEUE, '', ENDINGS));
