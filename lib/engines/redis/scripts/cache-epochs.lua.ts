import { luaScript } from '../lua.js';

/**
 * Reads epochs, in order, and makes those that are missing. One that would be gone too soon is kept for longer; not each
 * time, since everybody is told of it.
 *
 * KEYS  epochs
 * ARGV  1 a text that nobody has, ends with _  2 milliseconds for which they have to live, '' for ever  3 those that they get
 * Returns for each the epoch and the milliseconds that it has left, -1 for ever
 */
export const CACHE_EPOCHS = luaScript(
  'cache-epochs',
  `local call = redis.call
local new, needed, given = ARGV[1], ARGV[2], ARGV[3]
local found = {}
for i, key in ipairs(KEYS) do
  local epoch, left = call('GET', key), -1
  if not epoch then
    -- No two are the same: what was stamped with one of them is cleared away when that one is gone.
    epoch = new .. i .. '_'
    if needed == '' then call('SET', key, epoch) else call('SET', key, epoch, 'PX', given) end
    if needed ~= '' then left = tonumber(given) end
  else
    left = call('PTTL', key)
    if needed == '' and left >= 0 then
      call('PERSIST', key)
      left = -1
    elseif left >= 0 and left < tonumber(needed) then
      call('PEXPIRE', key, given)
      left = tonumber(given)
    end
  end
  found[#found + 1] = epoch
  found[#found + 1] = left
end
return found`,
);
