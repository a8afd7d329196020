import { luaScript } from '../lua.js';
import { LOCK_STATE } from './lock-state.lua.js';

/**
 * Takes the caller out of the queue; if it has the lock, hands it to the first waiter.
 *
 * KEYS  see lock-state
 * ARGV  1 and 2 see lock-state
 * Returns 1 if it had the lock, else 0
 */
export const LOCK_RELEASE = luaScript(
  'lock-release',
  `${LOCK_STATE}
if call('ZREM', waiting, me) == 1 then call('HDEL', asked, me) end
if owner ~= me then return 0 end
hand_over()
return 1`,
);
