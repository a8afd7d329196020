import { luaScript } from '../lua.js';
import { FILTER_BITS } from './filter-bits.lua.js';

/**
 * Adds keys to every filter under a name that is complete or being built. While shapes change with a deploy, what one
 * version of the application adds must not be unknown to the other.
 *
 * KEYS  1 the name  2 own filter  3 own filter that is being built
 * ARGV  1 own shape  2 how long an unused filter is kept  then two hashes for each key
 * Returns nothing
 */
export const FILTER_ADD = luaScript(
  'filter-add',
  `${FILTER_BITS}
local name, own, kept = KEYS[1], ARGV[1], ARGV[2]
local found, dead = {}, {}

local function look(shape, filter, building)
  local bits, hashes = string.match(shape, '^(%d+)x(%d+)$')
  local complete = call('GETRANGE', filter, 0, 0) == '1'
  local begun = call('EXISTS', building) == 1
  local function aim(key) found[#found + 1] = {key, tonumber(bits), tonumber(hashes)} end
  if complete then aim(filter) end
  if begun then aim(building) end
  if not complete and not begun then dead[#dead + 1] = shape end
end

look(own, KEYS[2], KEYS[3])
for _, shape in ipairs(call('SMEMBERS', name)) do
  local filter = name .. ':' .. shape
  if shape ~= own then look(shape, filter, filter .. ':next') end
end

for _, one in ipairs(found) do set_bits(one[1], one[2], one[3], 3) end
if #dead > 0 then call('SREM', name, unpack(dead)) end
call('PEXPIRE', KEYS[2], kept)
call('PEXPIRE', name, kept)`,
);
