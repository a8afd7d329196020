import { HAND_OVER_MS, TOKEN_KEPT_MS } from '../../../lock/lock.store.js';
import { NOW } from '../lua.js';

/*
 * What the scripts of a lock share. Both keys of a lock are in one slot; all times are milliseconds.
 *
 *   KEYS  1 state    hash   out: permits that are out; first: no deadline is before this; token: the newest;
 *                           line: the newest place in the queue, while there is one;
 *                           and for each holder '=<member>': 'deadline since permits token', and ' handed' behind it
 *                           until he has taken up what he was handed. Without out nobody has it.
 *         2 waiting  zset   '<member> <permits> <limit> <ttl>' -> place
 *   ARGV  1 key as the user wrote it
 *
 * A member is '<channel of its process> <owner>'. Deadlines are data and no key expiries: a key that expires hands over to
 * nobody. What expires is the rubbish that is left when nobody comes any more, and the token, which the clock replaces. No
 * error is raised after the first write, and the first write of what must work when memory is full (HDEL, PEXPIRE, ZREM)
 * is one that Redis lets through then.
 */

/** The usual needs no more than this; it is followed by what the script does first, before any function is made. */
export const LOCK_HEAD = `local state, waiting, key = KEYS[1], KEYS[2], ARGV[1]
${NOW}
local call = redis.call
local KEPT, HAND_OVER = ${TOKEN_KEPT_MS}, ${HAND_OVER_MS}
`;

/** Lua that makes the next token of a text or nil: microseconds have 16 digits, which Lua's own conversion to text would round. */
export const nextToken = (token: string): string =>
  `string.format('%.0f', math.max((tonumber(${token}) or 0) + 1, now * 1000))`;

/** Takes the lock from those whose time is over, and hands it on. Then `out` and `line` are as they are now. */
export const LOCK_STATE = `
local found = call('HMGET', state, 'out', 'first', 'token', 'line')
local out, first, token, line = tonumber(found[1]) or 0, tonumber(found[2]), found[3], found[4]
local passed = false

-- read(text): what is stored of a holder.
local function read(text)
  local deadline, since, permits, its, rest = string.match(text, '^(%d+) (%d+) (%d+) (%d+)(.*)$')
  return {deadline = tonumber(deadline), since = since, permits = tonumber(permits), token = its, handed = rest ~= ''}
end

-- write(member, holder, ttl): he has the lock for so long from now.
local function write(member, holder, ttl)
  local deadline = now + ttl
  first = holder.permits == out and deadline or math.min(first or deadline, deadline)
  call('HSET', state, 'out', out, 'first', first, 'token', token, '=' .. member,
    deadline .. ' ' .. holder.since .. ' ' .. holder.permits .. ' ' .. holder.token .. (holder.handed and ' handed' or ''))
  call('PEXPIRE', state, math.max(call('PTTL', state), ttl + KEPT))
end

-- keep(member, holder, ttl): he goes on, and has taken it up if it was handed to him.
local function keep(member, holder, ttl)
  holder.handed = false
  call('HDEL', state, '=' .. member)
  write(member, holder, ttl)
end

-- grant(member, permits, ttl, handed): a new holder with a new token.
local function grant(member, permits, ttl, handed)
  token = ${nextToken('token')}
  out = out + permits
  write(member, {since = now, permits = permits, token = token, handed = handed}, ttl)
end

-- take_from(member, holder): he has it no more.
local function take_from(member, holder)
  call('HDEL', state, '=' .. member)
  out = out - holder.permits
end

-- drop_process(member): its process did not take up what it was handed, so nobody of it stands in the queue any more;
-- one that only slept finds out by its own next call.
local function drop_process(member)
  local process = string.match(member, '^%S+ ')
  for _, other in ipairs(call('ZRANGE', waiting, 0, -1)) do
    if string.sub(other, 1, #process) == process then call('ZREM', waiting, other) end
  end
end

-- serve(): whoever is at the head of the queue and finds room has the lock, and its process is told; one whose process
-- hears nothing is passed over. Then what is known of the lock is written down.
local function serve()
  while line do
    local head = call('ZRANGE', waiting, 0, 0)[1]
    if not head then
      line = nil
      break
    end
    local member, permits, limit, ttl = string.match(head, '^(%S+ %S+) (%d+) (%d+) (%d+)$')
    permits, limit, ttl = tonumber(permits), tonumber(limit), math.min(tonumber(ttl), HAND_OVER)
    if out + permits > limit then break end
    call('ZREM', waiting, head)
    local its = ${nextToken('token')}
    local channel, owner = string.match(member, '^(%S+) (%S+)$')
    if call('PUBLISH', channel, owner .. ' ' .. its .. ' ' .. (now + ttl) .. ' ' .. key) > 0 then
      grant(member, permits, ttl, true)
      passed = true
    end
  end
  if not line then call('HDEL', state, 'line') end
  if out == 0 then call('HDEL', state, 'out', 'first') else call('HSET', state, 'out', out) end
end

-- each(visit): visits every holder.
local function each(visit)
  local fields = call('HGETALL', state)
  for at = 1, #fields, 2 do
    if string.sub(fields[at], 1, 1) == '=' then visit(string.sub(fields[at], 2), read(fields[at + 1]), fields[at + 1]) end
  end
end

if first and first <= now then
  first = nil
  each(function(member, holder)
    if holder.deadline > now then
      first = math.min(first or holder.deadline, holder.deadline)
      return
    end
    take_from(member, holder)
    if holder.handed then drop_process(member) end
  end)
  call('HDEL', state, 'first')
  if first then call('HSET', state, 'first', first) end
  serve()
elseif not token and call('EXISTS', waiting) == 1 then
  -- Redis has dropped the state to make room, and nobody knows who had it.
  line = call('ZRANGE', waiting, -1, -1, 'WITHSCORES')[2]
  call('HSET', state, 'line', line)
  serve()
end
`;
