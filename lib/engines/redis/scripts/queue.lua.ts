import { NOW } from '../lua.js';

/*
 * What the scripts of a queue share. Every script has KEYS[1] = the queue's prefix `ns:{queue}:` (one slot, so that all
 * of its keys may be named from it) and begins its ARGV with queue name, prefix of the wake lists, lease in ms, and what
 * is kept of ended tasks (`completed=count,bytes dead=…`; bytes -1: any).
 *
 *   rec        hash   id -> envelope                 waiting, waiting:<priority>  list   ids, next one at the head
 *   delayed    zset   id -> due ms                   active     zset   id -> number of the consumer that has it
 *   consumers  zset   consumer -> lease deadline ms  idle       zset   consumer -> free slots
 *   completed, dead, cancelled, expired, parked      zset id -> ended ms
 *   blocked    zset   id -> due ms                   out        hash   id -> outcome of the newest ended attempt
 *   tries      hash   id -> attempts used            crashes    hash   id -> workers it killed (0: implicated)
 *   suspects   list   ids to be run one per consumer suspect    hash   consumer -> suspect in its hand
 *   waiters    hash   id -> processes to be told     progress, log, history  hash id -> text
 *   members    hash   process -> its consumer        lookers    set    consumers that want to look, and not be handed tasks
 *   versions   hash   process -> newest envelope that it reads; the version before this one has none, and reads '1'
 *   meta       hash   cid: newest consumer number, last: when a consumer was heard of, graceUntil, keeper, keeperAt,
 *                     uses, limits, paused, events, eventsUntil, tat, turn:<p>, own:<p>, ghosts, held, seq, bytes:<state>
 *
 * The keys of what not every queue uses are named where they are used. `uses` says what a queue has ever used, a letter
 * each, so that others pay nothing: t traits, g groups, x expiry, u unique keys, b blocked tasks, d ghosts, n lanes,
 * c cancelled while active, h held back, l lookers, r retried, k results kept, w refused producers, y bytes counted.
 *
 * Making a function costs time, too: those that only such queues need are made if the queue is one (`rare`), or the
 * script is made from RARE_QUEUE because it may make it one.
 *
 * A consumer is `<number>:<process>`; its wake list is the process's. All times are ms. Rules that hold everywhere:
 * no error is raised after the first write; whatever must work when memory is full begins with a DEL.
 */
const queue = (forced: boolean): string => `local P, forced = KEYS[1], ${forced}
local queue, wakes, lease, keeps = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
${NOW}
local rec, waiting, delayed, active = P .. 'rec', P .. 'waiting', P .. 'delayed', P .. 'active'
local consumers, idle, meta = P .. 'consumers', P .. 'idle', P .. 'meta'
local out, tries, crashes, waiters = P .. 'out', P .. 'tries', P .. 'crashes', P .. 'waiters'
local suspects, suspect, members = P .. 'suspects', P .. 'suspect', P .. 'members'
local FAR, PATIENCE = 9e15, 2000
local call = redis.call

local function number(consumer) return string.match(consumer, '^%d+') end
local function process_of(consumer) return string.match(consumer, ':(.+)$') end

-- Its deadline, or nil when it is dead.
local function alive(consumer)
  local deadline = tonumber(call('ZSCORE', consumers, consumer) or -1)
  return deadline >= now and deadline or nil
end

-- The command with many arguments; unpack takes 8000 at most (X3).
local function many(command, key, list)
  for i = 1, #list, 1000 do call(command, key, unpack(list, i, math.min(i + 999, #list))) end
end

local state = call('HMGET', meta, 'last', 'graceUntil', 'keeper', 'keeperAt', 'uses', 'limits', 'paused', 'events', 'eventsUntil')
local uses, paused = state[5] or '', state[7]
local limits = state[6] and cjson.decode(state[6]) or {}
local per_group = limits.group or {}
local rare = forced or state[6] or state[7] or state[8] or string.find(uses, '[^klry]')
local function used(letter) return string.find(uses, letter, 1, true) ~= nil end
local function use(letter)
  if used(letter) then return end
  uses = uses .. letter
  call('HSET', meta, 'uses', uses)
end
local name_of
if rare then
  -- The name of a task, from its envelope.
  function name_of(envelope) return string.match(envelope, '^.([^\\n]*)') end
end
`;

export const QUEUE = queue(false);
export const RARE_QUEUE = queue(true);
