import { luaScript } from '../lua.js';
import { LOCK_HEAD, LOCK_STATE } from './lock-state.lua.js';

/**
 * Says who has a lock.
 *
 * KEYS  see lock-state
 * ARGV  1 see lock-state
 * Returns {1 if it was handed on while others wait behind, else 0, how many wait, then for each holder his member, and what is
 * stored of him}
 */
export const LOCK_LOOK = luaScript(
  'lock-look',
  `${LOCK_HEAD}${LOCK_STATE}
local found = {passed and line and 1 or 0, call('ZCARD', waiting)}
each(function(member, _, text)
  found[#found + 1] = member
  found[#found + 1] = text
end)
return found`,
);
