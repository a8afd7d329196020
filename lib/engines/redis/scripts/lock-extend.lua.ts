import { luaScript } from '../lua.js';
import { LOCK_STATE } from './lock-state.lua.js';

/**
 * Lets the owner's lock expire `ttl` from now.
 *
 * KEYS  see lock-state
 * ARGV  1 and 2 see lock-state  3 ttl
 * Returns 1, or 0 when somebody else or nobody has it
 */
export const LOCK_EXTEND = luaScript(
  'lock-extend',
  `${LOCK_STATE}
local ttl = tonumber(ARGV[3])
if owner ~= me then return 0 end
call('HDEL', state, 'handed')
hold(ttl)
return 1`,
);
