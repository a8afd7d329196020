import { luaScript } from '../lua.js';
import { FILTER_BITS } from './filter-bits.lua.js';

/**
 * Says of keys whether a Bloom filter may contain them.
 *
 * KEYS  1 the filter
 * ARGV  1 bits  2 hashes  then two hashes for each key
 * Returns '1' or '0' for each key, as one text; '' when the filter is not complete
 */
export const FILTER_ASK = luaScript(
  'filter-ask',
  `${FILTER_BITS}
local filter, bits, hashes = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
if call('GETRANGE', filter, 0, 0) ~= '1' then return '' end

local answers = {}
for at = 3, #ARGV, 2 do
  local bit, step = tonumber(ARGV[at]) % bits, tonumber(ARGV[at + 1]) % bits
  local answer = '1'
  for n = 1, hashes do
    if call('GETBIT', filter, HEADER + bit) == 0 then
      answer = '0'
      break
    end
    bit, step = (bit + step) % bits, (step + n) % bits
  end
  answers[#answers + 1] = answer
end
return table.concat(answers)`,
);
