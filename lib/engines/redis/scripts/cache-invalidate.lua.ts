import { luaScript } from '../lua.js';

/**
 * Removes epochs: what was stamped with them is gone. Tells those who wait.
 *
 * KEYS  epochs, in the order in which they go
 * ARGV  1 channel
 * Returns what they were, '' for those that were not there
 */
export const CACHE_INVALIDATE = luaScript(
  'cache-invalidate',
  `local found = {}
for _, key in ipairs(KEYS) do
  found[#found + 1] = redis.call('GET', key) or ''
  redis.call('DEL', key)
end
redis.pcall('PUBLISH', ARGV[1], KEYS[1])
return found`,
);

/**
 * Removes entries that were stamped with an epoch which is gone. Leases are left alone: they have epochs of their own.
 *
 * KEYS  entries
 * ARGV  the epochs
 * Returns how many there were
 */
export const CACHE_SWEEP = luaScript(
  'cache-sweep',
  `local count = 0
for _, key in ipairs(KEYS) do
  local line = redis.pcall('GETRANGE', key, 0, 1023)
  if type(line) == 'string' and string.sub(line, 1, 1) == '@' then
    line = string.match(line, '^[^\\n]*')
    for _, epoch in ipairs(ARGV) do
      if string.find(line, epoch, 1, true) then
        count = count + redis.call('UNLINK', key)
        break
      end
    end
  end
end
return count`,
);
