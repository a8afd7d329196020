import { HAND_OVER_MS, TOKEN_KEPT_MS } from '../../../lock/lock.store.js';
import { NOW } from '../lua.js';

/*
 * What the scripts of a lock share. All keys of a lock are in one slot; all times are milliseconds.
 *
 *   KEYS  1 state    hash   owner, deadline, handed ('1': not taken up yet), token; without owner the lock is free
 *         2 waiting  zset   owner -> place in the queue
 *         3 asked    hash   owner that waits -> its ttl
 *   ARGV  1 key as the user wrote it  2 owner: '<wake list of its process> <id>'
 *
 * Deadlines are data and no key expiries: a key that expires hands over to nobody. What expires is the rubbish that is
 * left when nobody comes any more, and the token, which the clock replaces. No error is raised after the first write,
 * and the first write of what must work when memory is full (ZPOPMIN, HDEL, ZREM) is one that Redis lets through then.
 */
export const LOCK_STATE = `local state, waiting, asked = KEYS[1], KEYS[2], KEYS[3]
local key, me = ARGV[1], ARGV[2]
${NOW}
local call = redis.call
local KEPT, HAND_OVER = ${TOKEN_KEPT_MS}, ${HAND_OVER_MS}

local found = call('HMGET', state, 'owner', 'deadline', 'handed', 'token')
local owner, deadline, handed, token = found[1], tonumber(found[2]), found[3], tonumber(found[4]) or 0

-- grant(to): a new owner and a new token. hold(ttl) writes them; the lock is the owner's for so long from now.
local function grant(to)
  owner, token = to, math.max(token + 1, now * 1000)
end

local function hold(ttl)
  deadline = now + ttl
  -- Microseconds have 16 digits: Lua's own conversion to text would round them.
  call('HSET', state, 'owner', owner, 'deadline', deadline, 'token', string.format('%.0f', token))
  call('PEXPIRE', state, ttl + KEPT)
end

-- hand_over(): the first waiter has the lock and its process is told; without one the lock is free.
local function hand_over()
  local head = call('ZPOPMIN', waiting)[1]
  call('HDEL', state, 'owner', 'deadline', 'handed')
  owner = false
  if not head then
    call('PEXPIRE', state, KEPT)
    return
  end
  local ttl = tonumber(call('HGET', asked, head)) or HAND_OVER
  call('HDEL', asked, head)
  grant(head)
  hold(math.min(ttl, HAND_OVER))
  call('HSET', state, 'handed', '1')
  local wake, id = string.match(head, '^(%S+) (.*)$')
  call('RPUSH', wake, 'l\\n' .. id .. '\\n' .. key)
  call('PEXPIRE', wake, KEPT)
end

-- drop_process(member): its process did not take up what it was handed, so nobody of it stands in the queue any more;
-- one that only slept finds out by its own next call.
local function drop_process(member)
  local process = string.match(member, '^%S+ ')
  for _, other in ipairs(call('HKEYS', asked)) do
    if string.sub(other, 1, #process) == process then
      call('ZREM', waiting, other)
      call('HDEL', asked, other)
    end
  end
end

if owner and deadline <= now then
  if handed then drop_process(owner) end
  hand_over()
end
`;
