import { luaScript } from '../lua.js';
import { LOCK_HEAD, LOCK_STATE } from './lock-state.lua.js';

/**
 * Says who has a lock.
 *
 * KEYS  see lock-state
 * ARGV  1 see lock-state
 * Returns {how many wait, then for each holder his member, and what is stored of him}
 */
export const LOCK_LOOK = luaScript(
  'lock-look',
  `${LOCK_HEAD}${LOCK_STATE}
local found = {call('ZCARD', waiting)}
each(function(member, _, text)
  found[#found + 1] = member
  found[#found + 1] = text
end)
return found`,
);
