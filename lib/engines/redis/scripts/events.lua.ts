/** tell(id, state, outcome): whoever waits for the end of the task is told, once. push(process, messages): onto its wake list. */
export const TELL = `
-- A process that is gone never pops it; a list with tasks in it must not expire, however.
local function push(process, messages)
  local wake = wakes .. process
  if call('RPUSH', wake, unpack(messages)) == #messages then call('PEXPIRE', wake, 60000) end
end

local function tell(id, state, outcome)
  local processes = call('HGET', waiters, id)
  if not processes then return end
  for process in string.gmatch(processes, '%S+') do
    push(process, { table.concat({ 'f', queue, id, state, outcome }, '\\n') })
  end
  call('HDEL', waiters, id)
end
`;

/**
 * heard(name): whether anybody listens to that event. publish(name, ids, texts, dues): it is pushed to the processes
 * that want it pushed, and stored once, as a task of the event queue, if some process wants that.
 *
 *   listeners  hash  process -> until ms|names pushed|names stored      on:…  the event queue
 */
export const EVENTS = `
local listened = state[8] and tonumber(state[9]) >= now and state[8] or ''
local heard, publish = function() return false end, function() end
if listened ~= '' then
function heard(name) return listened ~= '' and string.find(listened, ' ' .. name .. ' ', 1, true) ~= nil end


-- Somebody idle looks into the event queue; another one after a while, should that one be dead.
local function look_into_events()
  local woken = 0
  for _, consumer in ipairs(call('ZREVRANGE', P .. 'on:idle', 0, 9)) do
    if tonumber(call('ZSCORE', P .. 'on:consumers', consumer) or -1) < now then
      call('ZREM', P .. 'on:idle', consumer)
    else
      push(process_of(consumer), { 'd\\n' .. queue .. '{on}\\n' .. woken * PATIENCE })
      if woken == 0 then call('ZREM', P .. 'on:idle', consumer) end
      woken = woken + 1
      if woken == 2 then return end
    end
  end
end

local function store_events(name, ids, lines, records)
  local fields, stored = {}, {}
  local last = call('HINCRBY', P .. 'on:meta', 'seq', #ids)
  for i, id in ipairs(ids) do
    local event = table.concat({ id, name, string.format('%.0f', last - #ids + i) }, ':')
    local time = string.match(records[i], '^[^\\n]*\\n([%w]*)') or ''
    stored[#stored + 1] = event
    fields[#fields + 1] = event
    fields[#fields + 1] = '1' .. name .. '\\n' .. time .. '\\n\\n' .. lines[i]
  end
  call('HSET', P .. 'on:rec', unpack(fields))
  call('RPUSH', P .. 'on:waiting', unpack(stored))
  look_into_events()
end

local function publish_some(name, ids, texts, dues)
  local envelopes = call('HMGET', rec, unpack(ids))
  local attempts = call('HMGET', tries, unpack(ids))
  local known, lines, records = {}, {}, {}
  for i, id in ipairs(ids) do
    if envelopes[i] then
      local text = texts and texts[i] or ''
      text = string.gsub(string.gsub(text, '%%', '%%25'), '\\n', '%%0A')
      known[#known + 1] = id
      records[#records + 1] = envelopes[i]
      lines[#lines + 1] = table.concat({
        id, string.format('%.0f', now), attempts[i] or '0', dues and string.format('%.0f', dues[i]) or '', text, envelopes[i],
      }, '\\n')
    end
  end
  if #known == 0 then return end
  local listeners, wanted = call('HGETALL', P .. 'listeners'), false
  for i = 1, #listeners, 2 do
    local till, pushed, stored = string.match(listeners[i + 1], '^(%d+)|([^|]*)|(.*)$')
    if tonumber(till) >= now then
      if string.find(stored, ' ' .. name .. ' ', 1, true) then wanted = true end
      if string.find(pushed, ' ' .. name .. ' ', 1, true) then
        local messages = {}
        for n, line in ipairs(lines) do messages[n] = table.concat({ 'e', queue, name, line }, '\\n') end
        push(listeners[i], messages)
      end
    end
  end
  if wanted then store_events(name, known, lines, records) end
end

function publish(name, ids, texts, dues)
  if #ids == 0 or not heard(name) then return end
  for from = 1, #ids, 500 do
    local part, part_texts, part_dues = {}, texts and {}, dues and {}
    for i = from, math.min(from + 499, #ids) do
      part[#part + 1] = ids[i]
      if texts then part_texts[#part] = texts[i] end
      if dues then part_dues[#part] = dues[i] end
    end
    publish_some(name, part, part_texts, part_dues)
  end
end
end -- listened
`;
