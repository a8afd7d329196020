import { luaScript } from '../lua.js';
import { LOCK_HEAD, LOCK_STATE } from './lock-state.lua.js';

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

local usual = call('HMGET', state, '=' .. me, 'out', 'line')
if usual[1] and not usual[3] then
  local deadline, permits = string.match(usual[1], '^(%d+) %d+ (%d+)')
  if permits == usual[2] and tonumber(deadline) > now then
    call('HDEL', state, '=' .. me, 'out', 'first')
    return 1
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
