import { luaScript } from '../lua.js';
import { LOCK_STATE } from './lock-state.lua.js';

/**
 * Grants a free lock, grants anew to its owner, or says how long it is taken, and queues the caller if it waits.
 *
 * KEYS  see lock-state
 * ARGV  1 and 2 see lock-state  3 ttl  4 'wait' or 'try'
 * Returns {token, ttl} when granted, else {'', milliseconds until the owner's time is over}
 */
export const LOCK_ACQUIRE = luaScript(
  'lock-acquire',
  `${LOCK_STATE}
local ttl, mode = tonumber(ARGV[3]), ARGV[4]
if not owner then
  grant(me)
  hold(ttl)
elseif owner == me then
  call('HDEL', state, 'handed')
  hold(ttl)
end
if owner == me then return {string.format('%.0f', token), ttl} end

if mode == 'wait' then
  if not call('ZSCORE', waiting, me) then
    local last = call('ZRANGE', waiting, -1, -1, 'WITHSCORES')[2]
    call('ZADD', waiting, (tonumber(last) or 0) + 1, me)
  end
  call('HSET', asked, me, ttl)
  local kept = KEPT + deadline - now
  call('PEXPIRE', waiting, kept)
  call('PEXPIRE', asked, kept)
end
return {'', deadline - now}`,
);
