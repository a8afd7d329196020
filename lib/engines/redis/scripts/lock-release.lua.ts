import { ALL_PERMITS } from '../../../lock/lock.store.js';
import { luaScript } from '../lua.js';
import { LOCK_HEAD, LOCK_STATE, nextToken } from './lock-state.lua.js';

/**
 * Takes the lock from the caller, or him out of the queue, and hands on what that leaves room for.
 *
 * KEYS  see lock-state
 * ARGV  1 see lock-state  2 member  3 permits  4 limit  5 ttl, as he acquired it
 * Returns 1 if he had it, else 0; and 2 more if it was handed on while others wait behind
 */
export const LOCK_RELEASE = luaScript(
  'lock-release',
  `${LOCK_HEAD}
local me = ARGV[2]

local usual = call('HMGET', state, '=' .. me, 'out', 'line', 'token')
local deadline, permits = string.match(usual[1] or '', '^(%d+) %d+ (%d+)')
if deadline and permits == usual[2] and tonumber(deadline) > now then
  if not usual[3] then
    call('HDEL', state, '=' .. me, 'out', 'first')
    return 1
  end
  -- One who wants it alone comes after one who had it alone.
  local two = call('ZRANGE', waiting, 0, 1)
  local channel, owner, ttl = string.match(two[1] or '', '^(%S+) (%S+) ${ALL_PERMITS} %d+ (%d+)$')
  if channel then
    ttl = math.min(tonumber(ttl), HAND_OVER)
    local its = ${nextToken('usual[4]')}
    if call('PUBLISH', channel, owner .. ' ' .. its .. ' ' .. (now + ttl) .. ' ' .. key) > 0 then
      call('ZPOPMIN', waiting)
      call('HDEL', state, '=' .. me, two[2] and 'first' or 'line')
      call('HSET', state, 'out', ${ALL_PERMITS}, 'first', now + ttl, 'token', its, '=' .. channel .. ' ' .. owner,
        (now + ttl) .. ' ' .. now .. ' ${ALL_PERMITS} ' .. its .. ' handed')
      call('PEXPIRE', state, ttl + KEPT)
      return two[2] and 3 or 1
    end
  end
end
${LOCK_STATE}
local mine = call('HGET', state, '=' .. me)
if mine then
  take_from(me, read(mine))
  serve()
elseif call('ZREM', waiting, me .. ' ' .. ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. ARGV[5]) == 1 then
  serve()
end
return (mine and 1 or 0) + (passed and line and 2 or 0)`,
);
