/**
 * What scripts know of entries and leases (entry.text.ts). A lease is a hash: `t` token of whoever makes the value,
 * `s` the
 * epochs that he has, `w` somebody waits; and of the one before who failed: `f` its token, `e` the error, `u` until when everybody is told.
 */
export const CACHE_ENTRY = `
local call, pcall = redis.call, redis.pcall
--NOW--
-- The text of an entry; false: there is none. What is no text at all is as good as none.
local function look(key)
  local text = pcall('GET', key)
  return type(text) == 'string' and text or false
end
-- Takes the line before the value apart; nil: somebody else wrote the text.
local function header(text)
  local created, fresh, grace, version, scope, tags, from =
    string.match(text, '^@(%d+),(%d*),(%d*),([^,\\n]+),([^,\\n]+),?([^\\n]*)\\n()')
  if not created then return nil end
  return { created = tonumber(created), fresh = tonumber(fresh), grace = tonumber(grace),
    version = version, scope = scope, tags = tags, from = from }
end
local function whole(n) return string.format('%.0f', n) end
-- Stores it for so long, '' for ever; says what is wrong, if anything is.
local function put(key, text, life)
  local done
  if life == '' then done = pcall('SET', key, text) else done = pcall('SET', key, text, 'PX', life) end
  return done.err
end
-- Ends the lease, and tells those who wait and who makes the value, if nothing else tells.
local function end_lease(lease, entry, channel)
  if call('DEL', lease) == 1 and channel then pcall('PUBLISH', channel, entry) end
end
`;
