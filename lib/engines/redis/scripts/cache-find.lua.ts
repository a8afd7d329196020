import { luaScript } from '../lua.js';
import { LEASE_MS } from './cache-lease.lua.js';

/** Beyond about 8,000 results at once Lua has no room for them (docs/protocol.md: X3). */
const AT_ONCE = 1_000;

/**
 * Reads many entries in one go, and grants leases of those that are not there. What is not as plain as that is left to a
 * claim of its own.
 *
 * KEYS  entries
 * ARGV  1 token  2 all epochs that the caller has  3 prefix of the names of entries  4 prefix of the names of leases
 * Returns for each its text, whatever it is; or 1: the lease is granted; or 0: somebody has it, or has failed
 */
export const CACHE_FIND = luaScript(
  'cache-find',
  `local call, pcall = redis.call, redis.pcall
local token, stamps, cut, leases = ARGV[1], ARGV[2], #ARGV[3] + 1, ARGV[4]
local found = {}
for from = 1, #KEYS, ${AT_ONCE} do
  local to = math.min(from + ${AT_ONCE - 1}, #KEYS)
  local texts = call('MGET', unpack(KEYS, from, to))
  for at = from, to do
    local text = texts[at - from + 1]
    if text then
      found[at] = text
    else
      local lease = leases .. string.sub(KEYS[at], cut)
      if call('EXISTS', lease, KEYS[at]) == 0 then
        -- Where there is no room for a lease, everybody makes the value for himself, and nobody can store it.
        pcall('HSET', lease, 't', token, 's', stamps)
        call('PEXPIRE', lease, ${LEASE_MS})
        found[at] = 1
      else
        found[at] = 0
      end
    end
  end
end
return found`,
);
