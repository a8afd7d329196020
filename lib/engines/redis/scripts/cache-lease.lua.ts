import { luaScript } from '../lua.js';
import { CACHE_ENTRY } from './cache-entry.lua.js';

/** Milliseconds after which a lease ends that is not renewed: whoever had it is dead. */
export const LEASE_MS = 2_000;
/** For so long those who waited can learn of an error. */
const TOLD_MS = 1_000;

/**
 * Grants leases, or says what stands against it.
 *
 * KEYS  entry and lease, for each
 * ARGV  for each: token, version that won't do, scope, token of who was waited for, all epochs that the caller has
 * Returns for each {'found', text, milliseconds left of somebody else's} or {'failed', error} or
 *   {'taken', token, milliseconds left} or {'granted', version of what is there, when it will be gone by itself}
 */
export const CACHE_CLAIM = luaScript(
  'cache-claim',
  `${CACHE_ENTRY}
local function claim(key, lease, token, seen, scope, waited_for, stamps)
  local text = look(key)
  local entry = text and header(text)
  local version, valid = '', text
  if entry then
    version, valid = entry.version, entry.scope == scope
  elseif text then
    version = '~' .. redis.sha1hex(text)
  end
  if valid and version ~= seen then return {'found', text, entry and -1 or call('PTTL', key)} end

  local l = call('HMGET', lease, 't', 'f', 'e', 'u', 's')
  if l[3] and l[2] == waited_for then return {'failed', l[3]} end
  -- What is made with other epochs is not what the caller wants: something was invalidated since.
  if l[1] and l[5] == stamps then
    pcall('HSET', lease, 'w', 1)
    return {'taken', l[1], call('PTTL', lease)}
  end
  if l[3] and now < tonumber(l[4]) then return {'failed', l[3]} end
  -- Where there is no room for a lease, everybody makes the value for himself, and nobody can store it.
  pcall('HSET', lease, 't', token, 's', stamps)
  call('PEXPIRE', lease, ${LEASE_MS})
  -- What is invalid may be cleared away at any time.
  return {'granted', version, valid and whole(now + math.max(0, call('PTTL', key))) or '0'}
end
local answers = {}
for i = 1, #KEYS, 2 do
  local arg = 5 * (i - 1) / 2
  answers[#answers + 1] = claim(KEYS[i], KEYS[i + 1], unpack(ARGV, arg + 1, arg + 5))
end
return answers`,
);

/**
 * Stores what was made under leases, where nothing happened meanwhile, and ends those.
 *
 * KEYS  entry and lease, for each
 * ARGV  1 channel; for each: token, version that was there, when it would be gone, how long it is kept, '' for ever, text after
 *   the time of creation
 * Returns for each 1 if it is stored, else 0
 */
export const CACHE_FILL = luaScript(
  'cache-fill',
  `${CACHE_ENTRY}
local mark = '@' .. whole(now) .. ','
local function fill(key, lease, token, seen, gone, life, rest)
  if call('HGET', lease, 't') ~= token then return 0 end
  -- Who does not know of leases can have changed the entry still.
  local text = look(key)
  local entry = text and header(text)
  local version = entry and entry.version or (text and '~' .. redis.sha1hex(text) or '')
  local same = version == seen or (not text and now >= tonumber(gone))
  if not same or put(key, mark .. rest, life) then
    end_lease(lease, key, ARGV[1])
    return 0
  end
  call('DEL', lease)
  return 1
end
local answers = {}
for i = 1, #KEYS, 2 do
  local arg = 1 + 5 * (i - 1) / 2
  answers[#answers + 1] = fill(KEYS[i], KEYS[i + 1], unpack(ARGV, arg + 1, arg + 5))
end
return answers`,
);

/**
 * Ends leases under which nothing is stored.
 *
 * KEYS  entry and lease, for each
 * ARGV  1 channel; for each: token, error or '', milliseconds for which everybody is told of it
 */
export const CACHE_GIVE_UP = luaScript(
  'cache-give-up',
  `${CACHE_ENTRY}
for i = 1, #KEYS, 2 do
  local key, lease = KEYS[i], KEYS[i + 1]
  local token, error, told = unpack(ARGV, 2 + 3 * (i - 1) / 2, 4 + 3 * (i - 1) / 2)
  if call('HGET', lease, 't') == token then
    local waited = call('HGET', lease, 'w')
    call('HDEL', lease, 't', 'w', 's')
    local kept = error ~= '' and (waited or told ~= '0')
    if kept and type(pcall('HSET', lease, 'f', token, 'e', error, 'u', whole(now + told))) == 'number' then
      call('PEXPIRE', lease, math.max(tonumber(told), ${TOLD_MS}))
    else
      call('DEL', lease)
    end
    if waited then pcall('PUBLISH', ARGV[1], key) end
  end
end
return 1`,
);

/**
 * Keeps leases alive.
 *
 * KEYS  leases
 * ARGV  their tokens
 */
export const CACHE_RENEW = luaScript(
  'cache-renew',
  `for i, lease in ipairs(KEYS) do
  if redis.call('HGET', lease, 't') == ARGV[i] then redis.call('PEXPIRE', lease, ${LEASE_MS}) end
end
return 1`,
);
