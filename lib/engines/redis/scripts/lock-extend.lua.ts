import { luaScript } from '../lua.js';
import { LOCK_HEAD, LOCK_STATE } from './lock-state.lua.js';

/**
 * Lets the lock last `ttl` from now, if the caller has it.
 *
 * KEYS  see lock-state
 * ARGV  1 see lock-state  2 member  3 ttl  4 '' or a token: the next one is greater
 * Returns 1, or 0 when he has not
 */
export const LOCK_EXTEND = luaScript(
  'lock-extend',
  `${LOCK_HEAD}${LOCK_STATE}
local me, ttl, floor = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local mine = call('HGET', state, '=' .. me)
if not mine then return 0 end
if floor ~= '' and tonumber(floor) > tonumber(token) then token = floor end
keep(me, read(mine), ttl)
return 1`,
);
