import { luaScript } from '../lua.js';
import { FILTER_BITS } from './filter-bits.lua.js';

/**
 * Begins to build a filter, unless somebody else is at it. Repeated by the same builder it changes nothing.
 *
 * KEYS  1 the name  2 the filter that is to be built
 * ARGV  1 shape  2 id of the builder, 15 bytes  3 bits  4 how long it lasts when the builder is dead  5 how long an unused filter is kept
 * Returns 1, or 0 when somebody else is at it
 */
export const FILTER_BEGIN = luaScript(
  'filter-begin',
  `${FILTER_BITS}
local name, building, shape, header = KEYS[1], KEYS[2], ARGV[1], '0' .. ARGV[2]
local there = call('GETRANGE', building, 0, 15)
if there ~= '' and there ~= header then return 0 end

-- All of its memory at once: growing bit by bit would copy it again and again.
call('SETBIT', building, HEADER + ARGV[3] - 1, 0)
call('SETRANGE', building, 0, header)
call('PEXPIRE', building, ARGV[4])
call('SADD', name, shape)
call('PEXPIRE', name, ARGV[5])
return 1`,
);

/**
 * Adds keys to the filter that is being built, and shows that its builder is alive.
 *
 * KEYS  1 the filter that is being built
 * ARGV  1 id of the builder  2 how long it lasts when the builder is dead  3 bits  4 hashes  then two hashes for each key
 * Returns 1, or 0 when it is not there any more
 */
export const FILTER_BUILD = luaScript(
  'filter-build',
  `${FILTER_BITS}
local building = KEYS[1]
if call('GETRANGE', building, 0, 15) ~= '0' .. ARGV[1] then return 0 end
set_bits(building, tonumber(ARGV[3]), tonumber(ARGV[4]), 5)
call('PEXPIRE', building, ARGV[2])
return 1`,
);

/**
 * Puts the filter that was built in place of the old one.
 *
 * KEYS  1 the filter  2 the one that was built
 * ARGV  1 id of the builder  2 how long an unused filter is kept
 * Returns 1, or 0 when it is not there any more
 */
export const FILTER_COMPLETE = luaScript(
  'filter-complete',
  `local filter, building = KEYS[1], KEYS[2]
local id, kept = ARGV[1], ARGV[2]
local call = redis.call
if call('GETRANGE', building, 0, 15) ~= '0' .. id then return 0 end
call('SETRANGE', building, 0, '1')
call('PEXPIRE', building, kept)
call('RENAME', building, filter)
return 1`,
);

/**
 * Removes the filter that is being built.
 *
 * KEYS  1 the filter that is being built
 * ARGV  1 id of the builder
 * Returns nothing
 */
export const FILTER_ABANDON = luaScript(
  'filter-abandon',
  `if redis.call('GETRANGE', KEYS[1], 0, 15) == '0' .. ARGV[1] then redis.call('UNLINK', KEYS[1]) end`,
);
