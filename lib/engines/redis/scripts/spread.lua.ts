/**
 * hear(self): somebody at work was heard of; if that one is the keeper, it has looked. After a silence (Redis was away,
 * its clock jumped, or there was nothing to do) nobody is declared dead for a lease; when the clock was set back, a lease
 * is a lease again (B1).
 */
export const HEAR = `
local grace = 0
local function hear(self)
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

/**
 * nudge(at, except): some idle consumer will look again at that time (B6), and another one after it, should that one be
 * dead. settle(): idle consumers get what waits, and one of them knows when there is more.
 */
const KEEPER = `
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

local function first_of(set)
  return tonumber(call('ZRANGE', P .. set, 0, 0, 'WITHSCORES')[2] or FAR)
end

-- When something expires, or begins to be claimable without being due.
local function special_due()
  local at = token_due()
  if used('x') then at = math.min(at, first_of('expiry')) end
  if per_group.rate then at = math.min(at, first_of('gdue')) end
  return at
end
`;

/**
 * hand(consumer, deadline, free, held): what it has been made to hold is pushed to the idle consumer.
 * make_room(): whoever was refused for the backlog hears of it when that has become smaller.
 * spread(except): idle consumers are handed what waits, each a share; the task itself lies on its wake list. One that has
 * rooms is told to look, unless it is the excepted one, which just has.
 */
export const SPREAD = `${HEAR}${KEEPER}
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

-- A set of its own, and not a mark in idle: workers of the version before hand it tasks as they do to any other, and it has to bear that.
local function looks(consumer) return used('l') and call('SISMEMBER', P .. 'lookers', consumer) == 1 end

-- Those with rooms have seen what is in the lanes; they look again when something new is there, or limits allow more.
local stirred = false
local function offer(except)
  local count, lanes = claimable_counts()
  local waits, gave, looking = count + lanes, false, {}
  local ready = waits > 0 and call('ZREVRANGE', idle, 0, 99, 'WITHSCORES') or {}
  for i = 1, #ready, 2 do
    local consumer, free, deadline = ready[i], tonumber(ready[i + 1]), alive(ready[i])
    if waits <= 0 or capacity(1) == 0 then return false end
    if not deadline then
      call('ZREM', idle, consumer)
    elseif not looks(consumer) then
      local share = math.min(free, math.ceil(waits / ((#ready - i + 1) / 2)), 500)
      if deadline > now + lease then hear() end
      local held = take(consumer, share, nil, rare and is_old(consumer))
      hand(consumer, deadline, free, held)
      waits = waits - #held / 3
      gave = gave or #held > 0 or unseen
    elseif consumer ~= except then
      looking[#looking + 1] = consumer
    end
  end
  if gave or not (count > 0 or stirred or laned > 0) then return gave end
  for _, consumer in ipairs(looking) do
    if waits <= 0 then break end
    waits = waits - tonumber(call('ZSCORE', idle, consumer))
    call('ZREM', idle, consumer)
    remind(consumer, now)
    local deputy = another(consumer)
    if deputy then remind(deputy, now + PATIENCE) end
  end
  return false
end

local function make_room()
  if call('EXISTS', P .. 'pushers') == 0 then return end
  if waiting_count() + call('ZCARD', delayed) < (limits.backlog or FAR) then room_for('pushers') end
end

local function spread(except)
  if call('ZCARD', idle) > 0 then
    local rounds = 0
    while rounds < 20 and offer(except) do rounds = rounds + 1 end
    if rounds == 20 then nudge(now) end
  end
  if used('w') then make_room() end
end

local function settle()
  spread()
  local at = special_due()
  if at < FAR then nudge(at) end
end
`;
