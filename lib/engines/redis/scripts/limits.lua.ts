/**
 * Limits of the whole fleet. capacity(n): how many of n tasks may begin now. spend(n): they do. A bucket is one number,
 * the time at which it will be full again (GCRA, ITU-T I.371): what begins moves it on by the time of one token.
 * token_due(): when the next token comes, if there is none.
 */
export const LIMITS = `
local claimable
local capacity, spend, token_due = function(n) return n end, function() end, function() return FAR end
local admit_group, refill_groups, count_groups
local let_go = function(ids) many('ZREM', active, ids) end
if rare then
local bucket
-- A time that lies further away than a bucket can be empty was written before the clock was set back.
local function full_at(key, field, rate)
  local stored = tonumber(call('HGET', key, field) or 0)
  if stored > now + rate.perMs + 1 then
    stored = now + rate.perMs
    call('HSET', key, field, string.format('%.6f', stored))
  end
  return math.max(stored, now)
end
local function tokens(full, rate)
  return math.min(rate.max, math.floor((now + rate.perMs - full) * rate.max / rate.perMs + 1e-6))
end
local function next_token(full, rate)
  return math.max(now + 1, math.ceil(full - rate.perMs + rate.perMs / rate.max - 1e-6))
end
local function full()
  bucket = bucket or full_at(meta, 'tat', limits.rate)
  return bucket
end

function capacity(n)
  if paused then return 0 end
  if limits.concurrency then n = math.min(n, limits.concurrency - call('ZCARD', active)) end
  if limits.rate then n = math.min(n, tokens(full(), limits.rate)) end
  return math.max(0, n)
end

function spend(n)
  if not limits.rate or n == 0 then return end
  bucket = full() + n * limits.rate.perMs / limits.rate.max
  call('HSET', meta, 'tat', string.format('%.6f', bucket))
end

function token_due()
  if not limits.rate or paused or tokens(full(), limits.rate) > 0 or not claimable() then return FAR end
  return next_token(full(), limits.rate)
end

-- Whether one more of the group may begin; it does, then. If not: when, or nil if that is when another one ends.
function admit_group(group)
  local most, rate = per_group.concurrency, per_group.rate
  if most and tonumber(call('HGET', P .. 'inflight', group) or 0) >= most then return false end
  if rate then
    local at = full_at(P .. 'gtat', group, rate)
    if tokens(at, rate) < 1 then return false, next_token(at, rate) end
    call('HSET', P .. 'gtat', group, string.format('%.6f', at + rate.perMs / rate.max))
  end
  if most then call('HINCRBY', P .. 'inflight', group, 1) end
  return true
end

-- Groups that have tokens again.
function refill_groups()
  if not per_group.rate then return end
  for _, group in ipairs(call('ZRANGEBYSCORE', P .. 'gdue', '(' .. now + per_group.rate.perMs + 1, '+inf', 'LIMIT', 0, 100)) do
    call('ZADD', P .. 'gdue', next_token(full_at(P .. 'gtat', group, per_group.rate), per_group.rate), group)
  end
  for _, group in ipairs(call('ZRANGEBYSCORE', P .. 'gdue', '-inf', now, 'LIMIT', 0, 100)) do
    local at = full_at(P .. 'gtat', group, per_group.rate)
    local count = tokens(at, per_group.rate)
    call('ZREM', P .. 'gdue', group)
    let_go_on(group, count)
    if call('EXISTS', P .. 'held:' .. group) == 1 then
      local after = at + count * per_group.rate.perMs / per_group.rate.max
      call('ZADD', P .. 'gdue', next_token(after, per_group.rate), group)
    end
  end
end

-- How much of each group is active, anew: limits are others, or a worker of the version before has let go of some.
function count_groups()
  call('DEL', P .. 'inflight')
  if not per_group.concurrency then return end
  for _, trait in pairs(traits_of(call('ZRANGE', active, 0, -1))) do
    if trait.group ~= '' then call('HINCRBY', P .. 'inflight', trait.group, 1) end
  end
end

-- These are in nobody's hand any more.
function let_go(ids)
  many('ZREM', active, ids)
  if not per_group.concurrency then return end
  for _, trait in pairs(traits_of(ids)) do
    if trait.group ~= '' then
      if call('HINCRBY', P .. 'inflight', trait.group, -1) <= 0 then call('HDEL', P .. 'inflight', trait.group) end
      let_go_on(trait.group, 1)
    end
  end
end
end -- rare
`;
