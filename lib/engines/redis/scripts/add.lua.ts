import { luaScript } from '../lua.js';
import { QUEUE, SPREAD } from './queue.lua.js';

/**
 * Stores tasks whose ids are free, all or none, and hands what is due to idle consumers.
 *
 * KEYS  1 prefix
 * ARGV  1 queue  2 wake prefix  3 lease  4… (id, envelope, due) each; due: '' now, '+ms' from now, 'ms' since the epoch
 * Returns for each task 1 if its id was free, else 0
 */
export const ADD = luaScript(
  'add',
  1,
  `${QUEUE}${SPREAD}
local ids, created, records = {}, {}, {}
for i = 4, #ARGV, 3 do ids[#ids + 1] = ARGV[i] end
local present = call('HMGET', rec, unpack(ids))
local now_due, later = {}, {}
for n, id in ipairs(ids) do
  created[n] = 0
  if not present[n] and not records[id] then
    created[n] = 1
    records[id] = true
    records[#records + 1] = id
    records[#records + 1] = ARGV[1 + n * 3 + 1]
    local due = ARGV[1 + n * 3 + 2]
    local at = string.sub(due, 1, 1) == '+' and now + tonumber(due) or tonumber(due)
    if at and at > now then
      later[#later + 1] = at
      later[#later + 1] = id
    else
      now_due[#now_due + 1] = id
    end
  end
end
if #records == 0 then return created end
call('HSET', rec, unpack(records))
if #now_due > 0 then
  call('RPUSH', waiting, unpack(now_due))
  spread()
end
if #later > 0 then
  call('ZADD', delayed, unpack(later))
  nudge(tonumber(call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]))
end
return created`,
);
