import { luaScript } from '../lua.js';
import { LOCK_HEAD, LOCK_STATE } from './lock-state.lua.js';

/**
 * Takes a lock from everybody who has it, and hands it on.
 *
 * KEYS  see lock-state
 * ARGV  1 see lock-state
 * Returns how many had it
 */
export const LOCK_FORCE = luaScript(
  'lock-force',
  `${LOCK_HEAD}${LOCK_STATE}
local count = 0
each(function(member, holder)
  take_from(member, holder)
  count = count + 1
end)
if count > 0 then serve() end
return count`,
);
