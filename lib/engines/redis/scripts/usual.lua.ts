/*
 * What nearly every call finds: nothing but plain tasks that wait. It is done without the functions that all else needs,
 * because making those takes longer than the work. Each part comes right after QUEUE and ends the script, or leaves
 * everything to what follows it.
 */

/** Stores tasks while nobody is idle. In a queue where results outlive their tasks an id may have an old one. */
const QUEUE_UP = `
if not rare and not string.find(uses, 'k', 1, true) and call('EXISTS', idle) == 0 then
  local ids, seen, fits = {}, {}, true
  for i = 6, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
  local present = call('HMGET', rec, unpack(ids))
  for n, id in ipairs(ids) do
    if present[n] or seen[id] then
      fits = false
      break
    end
    seen[id] = true
  end
  if fits then
    call('HSET', rec, unpack(ARGV, 6))
    call('RPUSH', waiting, unpack(ids))
    return #ids
  end
end
`;

/**
 * Hands one task to whoever is the most idle, if that one is watched already, or there is nobody else idle who could be
 * told to watch it.
 */
const HAND_OVER = `
if not rare and not string.find(uses, '[^ry]') and #ARGV == 7 and now >= tonumber(state[1] or 0) then
  local id, envelope, ready = ARGV[6], ARGV[7], call('ZREVRANGE', idle, 0, 1, 'WITHSCORES')
  local consumer, free = ready[1], tonumber(ready[2])
  local deadline = consumer and alive(consumer)
  if deadline and (deadline <= now + lease or not ready[3]) and call('HEXISTS', rec, id) == 0 then
    call('HSET', rec, id, envelope)
    call('ZADD', active, number(consumer), id)
    local wake = wakes .. process_of(consumer)
    if call('RPUSH', wake, table.concat({ 't', queue, consumer, id, '0', envelope }, '\\n')) > 1 then call('PERSIST', wake) end
    if free > 1 then call('ZINCRBY', idle, -1, consumer) else call('ZREM', idle, consumer) end
    if deadline > now + lease then
      call('ZADD', consumers, now + lease, consumer)
      if now - tonumber(state[1] or now) > lease / 2 then call('HSET', meta, 'graceUntil', now + lease) end
      call('HSET', meta, 'last', now)
    end
    return 1
  end
end
`;

export const USUAL_ADD = `${QUEUE_UP}${HAND_OVER}`;

/**
 * Acknowledges completions and claims a task for every free slot; `claimed` has what it claimed if that was not enough.
 * It does not look for the dead; the first step that comes a sixteenth of a lease after another one does, whoever's it
 * is. Nobody idle is passed over, since nothing claimable waits while somebody is. It claims before it acknowledges: so
 * `active` never gets empty, and with more than a few entries stays a sorted set that is fast to search (a listpack is not).
 */
export const USUAL_STEP = `
do
  local last, most = tonumber(state[1] or 0), tonumber(string.match(keeps, 'completed=(%d+),%-1') or -1)
  local usual = most >= 0 and not rare and not string.find(uses, '[^klr]')
    and now - last < lease / 16 and tonumber(deadline) <= now + lease
  local progress, log = P .. 'progress', P .. 'log'
  local some = usual and call('EXISTS', KEYS[2], delayed, tries, progress, log, crashes, waiters) > 0
  if some then
    usual = call('EXISTS', crashes, waiters) == 0
      and tonumber(call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2] or FAR) > now
  end
  if usual then
    local cid, acked = number(self), (#ARGV - 9) / 2
    local in_hand = call('ZCOUNT', active, cid, cid) - acked
    local free = math.min(slots - in_hand, 1000)
    local ids, records, entries, attempts = free > 0 and call('LPOP', waiting, free) or {}, {}, {}, {}
    if #ids > 0 then
      records = call('HMGET', rec, unpack(ids))
      for i = #ids, 1, -1 do
        -- Deleted behind our back (A7).
        if not records[i] then
          table.remove(records, i)
          table.remove(ids, i)
        end
      end
      for i, id in ipairs(ids) do entries[2 * i - 1], entries[2 * i] = cid, id end
      if #ids > 0 then call('ZADD', active, unpack(entries)) end
      if #ids > 0 and some then attempts = call('HMGET', tries, unpack(ids)) end
    end
    if #ids < free or in_hand + #ids == 0 then
      for i, id in ipairs(ids) do
        claimed[3 * i - 2], claimed[3 * i - 1], claimed[3 * i] = id, attempts[i] or '0', records[i]
      end
    else
      if acked > 0 then
        local gone, ended, at = {}, {}, string.format('%.0f', now)
        for i = 10, #ARGV, 2 do
          gone[#gone + 1] = ARGV[i]
          ended[#ended + 1] = at
          ended[#ended + 1] = ARGV[i]
        end
        call('ZREM', active, unpack(gone))
        if most > 0 then
          call('ZADD', P .. 'completed', unpack(ended))
          call('HSET', out, unpack(ARGV, 10))
          local over = math.min(call('ZCARD', P .. 'completed') - most, 1000)
          -- Not one by one: the next whole step leaves no more than asked for.
          if over <= most / 50 then over = 0 end
          gone = over > 0 and call('ZRANGE', P .. 'completed', 0, over - 1) or {}
          if over > 0 then call('ZREMRANGEBYRANK', P .. 'completed', 0, over - 1) end
        end
        if #gone > 0 then
          call('HDEL', rec, unpack(gone))
          call('HDEL', out, unpack(gone))
          if string.find(uses, 'r', 1, true) then call('HDEL', P .. 'history', unpack(gone)) end
          if some then
            for _, key in ipairs({ tries, progress, log }) do call('HDEL', key, unpack(gone)) end
          end
        end
      end
      if tonumber(deadline) < now + lease * 0.75 then call('ZADD', consumers, now + lease, self) end
      return { -1, ids, records, attempts, some and call('LPOP', KEYS[2], 1000) or {} }
    end
  end
end
`;
