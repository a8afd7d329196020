/**
 * due(self): when somebody idle has to look again: a delayed task, or the lease of another consumer that is at work.
 * elect(self, free, news): an idle consumer becomes the keeper of that time if there is none; returns ms until then, or
 * -1; the others look after it, in case it is dead. The keeper is told of `news`, a time that it may not know of; FAR: somebody else has to be it from now on.
 */
export const ELECT = `
local function due(self)
  local at = math.min(first_of('delayed'), special_due())
  local others = call('ZRANGE', consumers, 0, 1, 'WITHSCORES')
  for i = 1, #others, 2 do
    local deadline = tonumber(others[i + 1])
    if others[i] ~= self and deadline <= now + lease then
      return math.min(at, math.max(deadline + 1, grace), now + math.floor(lease * 0.4))
    end
  end
  return at
end

local function elect(self, free, news)
  local mine = call('HGET', meta, 'keeper') == self
  local chosen, known = nil, FAR
  if not mine then chosen, known = keeper() end
  -- A keeper at work has to be watched itself: one that has nothing in hand takes its place.
  if chosen and free > 0 and alive(self) > now + lease and alive(chosen) <= now + lease then chosen = nil end
  if chosen then
    if news and news < known then nudge(news, self) end
    return free > 0 and known < FAR and math.max(0, known + PATIENCE + 1 - now) or -1
  end
  if free > 0 then
    local at = due(self)
    call('HSET', meta, 'keeper', self, 'keeperAt', string.format('%.0f', at))
    return at < FAR and math.max(0, at - now) or -1
  end
  if mine then call('HDEL', meta, 'keeper', 'keeperAt') end
  if mine or news then
    local at = due(self)
    if at < FAR then nudge(at, self) end
  end
  return -1
end
`;
