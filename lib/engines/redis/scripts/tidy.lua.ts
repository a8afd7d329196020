import { luaScript } from '../lua.js';
import { CLAIMING } from './claiming.lua.js';

/**
 * Drops what was kept beyond its age, ends what has expired, frees unique keys whose time is over, and un-parks what one
 * of the handlers can run, into the caller's own hand as far as it is idle (A9); at most 500 of each. Groups of which
 * something is held back though they are at no limit go on.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4 kept  5 consumer  6… age of completed, dead, cancelled, expired in ms
 *       10 number of versions  11… versions, then names
 * Returns 1 when there may be more, else 0
 */
export const TIDY = luaScript(
  'tidy',
  `${CLAIMING}
call('DEL', P .. 'none')
local self, more = ARGV[5], 0
for i, state in ipairs({ 'completed', 'dead', 'cancelled', 'expired' }) do
  local old = call('ZRANGEBYSCORE', P .. state, '-inf', now - tonumber(ARGV[5 + i]), 'LIMIT', 0, 500)
  let_leave(state, old)
  forget(old)
  if #old == 500 then more = 1 end
end
if expire() then more = 1 end
if used('u') then
  local keys = call('ZRANGEBYSCORE', P .. 'uniques', '-inf', now, 'LIMIT', 0, 500)
  for _, key in ipairs(keys) do holder_of(key) end
  if #keys == 500 then more = 1 end
end
if used('g') then
  if per_group.concurrency then count_groups() end
  refill_groups()
  for _, group in ipairs(call('SRANDMEMBER', P .. 'heldgroups', 100)) do
    local most = per_group.concurrency
    local at_rest = not most or tonumber(call('HGET', P .. 'inflight', group) or 0) < most
    if at_rest and not (per_group.rate and call('ZSCORE', P .. 'gdue', group)) then let_go_on(group, most or 500) end
  end
end
local handled, back = {}, {}
local versions = tonumber(ARGV[10])
for i = 11 + versions, #ARGV do
  for v = 11, 10 + versions do handled[ARGV[v] .. ARGV[i]] = true end
end
-- Of more than can be looked at in one call, another stretch each time, so that none is out of reach.
local spare = math.max(0, call('ZCARD', P .. 'parked') - 5000)
local from = spare > 0 and now % (spare + 1) or 0
for _, id in ipairs(call('ZRANGE', P .. 'parked', from, from + 4999)) do
  local envelope = call('HGET', rec, id)
  if not envelope then
    call('ZREM', P .. 'parked', id)
  elseif handled[string.match(envelope, '^[^\\n]*')] and #back < 500 then
    back[#back + 1] = id
  end
end
if #back > 0 then
  call('ZREM', P .. 'parked', unpack(back))
  call('HDEL', out, unpack(back))
  put_first(back)
  publish('waiting', back)
  local free, deadline = tonumber(call('ZSCORE', idle, self) or 0), alive(self)
  if deadline and free > 0 and not looks(self) then
    if deadline > now + lease then hear() end
    hand(self, deadline, free, take(self, math.min(free, #back)))
  end
  if #back == 500 then more = 1 end
end
if used('n') and call('EXISTS', P .. 'lanes', P .. 'pausednames') == 0 then
  uses = string.gsub(uses, 'n', '')
  call('HSET', meta, 'uses', uses)
end
settle()
return more`,
);
