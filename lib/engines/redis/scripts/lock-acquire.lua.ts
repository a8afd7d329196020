import { luaScript } from '../lua.js';
import { LOCK_HEAD, LOCK_STATE, nextToken } from './lock-state.lua.js';

/**
 * Grants the lock if nobody waits and there is room, grants it anew to who has it, or says how long it is taken, and queues
 * the caller if he waits.
 *
 * KEYS  see lock-state
 * ARGV  1 see lock-state  2 member  3 permits  4 limit  5 ttl  6 'wait' or 'try'
 * Returns the token as text when granted, else {milliseconds until the first of those who have it has lost it, time}
 */
export const LOCK_ACQUIRE = luaScript(
  'lock-acquire',
  `${LOCK_HEAD}
local me, permits, limit, ttl, mode = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]

local usual = call('HMGET', state, 'out', 'first', 'line', '=' .. me, 'token')
if not usual[1] and (usual[5] or call('EXISTS', waiting) == 0) then
  local its, deadline = ${nextToken('usual[5]')}, now + ttl
  call('HSET', state, 'out', permits, 'first', deadline, 'token', its,
    '=' .. me, deadline .. ' ' .. now .. ' ' .. permits .. ' ' .. its)
  call('PEXPIRE', state, ttl + KEPT)
  return its
end

local soonest = tonumber(usual[2]) or now
local is_taken = usual[3] or (tonumber(usual[1]) or 0) + permits > limit
if soonest <= now or usual[4] or not is_taken then
  ${LOCK_STATE}
  local mine = call('HGET', state, '=' .. me)
  if mine then
    local holder = read(mine)
    keep(me, holder, ttl)
    return holder.token
  end
  if not line and out + permits <= limit then
    grant(me, permits, ttl, false)
    return token
  end
  soonest = first
end

if mode == 'wait' then
  local place = call('HINCRBY', state, 'line', 1)
  call('ZADD', waiting, 'NX', place, me .. ' ' .. permits .. ' ' .. limit .. ' ' .. ttl)
  call('PEXPIRE', waiting, KEPT + soonest - now)
end
return {soonest - now, now}`,
);
