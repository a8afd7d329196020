import { luaScript } from '../lua.js';
import { CACHE_ENTRY } from './cache-entry.lua.js';

/**
 * Stores entries and ends their leases. Where Redis has no room for one, the old one is gone all the same.
 *
 * KEYS  entry and lease, for each
 * ARGV  for each: how long it is kept, '' for ever; its text after the time of creation
 * Returns '' or why an entry was refused
 */
export const CACHE_WRITE = luaScript(
  'cache-write',
  `${CACHE_ENTRY}
local refused
local mark = '@' .. whole(now) .. ','
for i = 1, #KEYS, 2 do
  -- Once a script has written, Redis takes the rest whatever it has room for.
  refused = refused or put(KEYS[i], mark .. ARGV[i + 1], ARGV[i])
  if refused then call('UNLINK', KEYS[i]) end
  call('DEL', KEYS[i + 1])
end
return refused or ''`,
);

/**
 * Removes entries and ends their leases.
 *
 * KEYS  entry and lease, for each
 * ARGV  1 channel
 * Returns for each '' when there was none, else the line before its value, or '@' when somebody else wrote it
 */
export const CACHE_DELETE = luaScript(
  'cache-delete',
  `${CACHE_ENTRY}
local found = {}
for i = 1, #KEYS, 2 do
  local text = pcall('GETRANGE', KEYS[i], 0, 1023)
  text = type(text) == 'string' and text or ''
  local line = string.match(text, '^@[^\\n]*\\n')
  if not line and string.sub(text, 1, 1) == '@' then line = string.match(look(KEYS[i]) or '', '^@[^\\n]*\\n') end
  local there = call('UNLINK', KEYS[i]) == 1
  end_lease(KEYS[i + 1], KEYS[i], not there and ARGV[1])
  found[#found + 1] = there and (line or '@') or ''
end
return found`,
);
