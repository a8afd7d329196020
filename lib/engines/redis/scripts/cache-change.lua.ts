import { luaScript } from '../lua.js';
import { CACHE_ENTRY } from './cache-entry.lua.js';

/**
 * What is there and valid, as `entry` and `text`; else nil. Invalid is what has another scope, and what the caller says: tags
 * lie in other slots, so an entry that has some is given to the caller first, who says of that version whether it is valid.
 *
 * KEYS  1 entry  2 lease
 * ARGV  1 scope  2 version of what is stored now  3 version that the caller has looked at  4 '1': it is valid
 */
const STORED = `${CACHE_ENTRY}
local key, lease = KEYS[1], KEYS[2]
local scope, version, checked, verdict = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local text = look(key)
local entry = text and header(text) or nil
if entry then
  if entry.scope ~= scope then
    text = false
  elseif entry.tags ~= '' then
    if entry.version ~= checked then return {'check', entry.version, entry.tags} end
    if verdict ~= '1' then text = false end
  end
  if not text then entry = nil end
end
local function line(created, fresh, grace, tags)
  return '@' .. whole(created) .. ',' .. fresh .. ',' .. grace .. ',' .. version .. ',' .. scope ..
    (tags == '' and '' or ',' .. tags) .. '\\n'
end
`;

/**
 * Sets how long an entry is fresh, and ends its lease.
 *
 * KEYS and ARGV 1 to 4 as above; ARGV 5 milliseconds, '' for ever  6 channel
 * Returns {'done', 1 if there was one that is fresh, else 0}, or {'check', version, tags}
 */
export const CACHE_EXPIRE = luaScript(
  'cache-expire',
  `${STORED}
local fresh = ARGV[5]
if not text then
  call('UNLINK', key)
  end_lease(lease, key, ARGV[6])
  return {'done', 0}
end
if not entry then
  if fresh == '' then call('PERSIST', key) elseif fresh == '0' then call('UNLINK', key) else call('PEXPIRE', key, fresh) end
  call('DEL', lease)
  return {'done', 1}
end
local was = not entry.fresh or entry.created + entry.fresh > now
local age = math.max(0, now - entry.created)
local life = ''
if fresh ~= '' and entry.grace then life = whole(fresh + entry.grace) end
local new = line(entry.created, fresh == '' and '' or whole(fresh + age), entry.grace and whole(entry.grace) or '', entry.tags)
if not was then
  end_lease(lease, key, ARGV[6])
  return {'done', 0}
end
if life == '0' or put(key, new .. string.sub(text, entry.from), life) then call('UNLINK', key) end
call('DEL', lease)
return {'done', 1}`,
);

/**
 * Adds to a number, and ends the lease of its key.
 *
 * KEYS and ARGV 1 to 4 as above; ARGV 5 what is added  6 how long a new one is kept, '' for ever
 * Returns {'done', sum as text}, {'check', version, tags} or {'refused', why}
 */
export const CACHE_INCREMENT = luaScript(
  'cache-increment',
  `${STORED}
local fresh = entry == nil or not entry.fresh or entry.created + entry.fresh > now
if not fresh then text, entry = false, nil end
local stored = 0
if text then
  local written = entry and string.sub(text, entry.from) or text
  stored = string.match(written, '^%-?%d[%d%.eE+-]*$') and tonumber(written)
  if not stored then return {'refused', 'what is stored is not a number'} end
end
local sum = stored + tonumber(ARGV[5])
local limit = 9007199254740992
if sum ~= sum or math.abs(sum) >= limit then return {'refused', 'the sum can not be told exactly'} end
local shown = sum == math.floor(sum) and whole(sum) or string.format('%.17g', sum)
if shown == '-0' then shown = '0' end
local refused
if entry then
  local new = line(entry.created, entry.fresh and whole(entry.fresh) or '', entry.grace and whole(entry.grace) or '', entry.tags)
  refused = pcall('SET', key, new .. shown, 'KEEPTTL').err
elseif text then
  refused = pcall('SET', key, shown, 'KEEPTTL').err
else
  refused = put(key, line(now, ARGV[6], '0', '') .. shown, ARGV[6])
end
if refused then return {'refused', refused} end
call('DEL', lease)
return {'done', shown}`,
);
