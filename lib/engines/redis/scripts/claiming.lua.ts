import { FINISH } from './ending.lua.js';
import { EVENTS, TELL } from './events.lua.js';
import { QUEUE, RARE_QUEUE } from './queue.lua.js';
import { SPREAD } from './spread.lua.js';
import { TAKE } from './take.lua.js';
import { WAITING } from './waiting.lua.js';

/**
 * What every script has that can make tasks claimable or ends them. without_cancelled(ids): of tasks that were let go
 * of, those that are not to end for having been cancelled meanwhile (B8).
 */
export const CLAIMING_FUNCTIONS = `${TELL}${EVENTS}${WAITING}${FINISH}${TAKE}${SPREAD}
local function without_cancelled(ids)
  if not used('c') or #ids == 0 then return ids end
  local left, cancelled = {}, {}
  for _, id in ipairs(ids) do
    if call('HEXISTS', P .. 'flags', id) == 1 then
      cancelled[#cancelled + 1] = id
      cancelled[#cancelled + 1] = ''
      if #cancelled == 1000 then
        finish('cancelled', cancelled)
        cancelled = {}
      end
    else
      left[#left + 1] = id
    end
  end
  finish('cancelled', cancelled)
  return left
end
`;

/** For scripts of which each call counts: without what the queue has never used. */
export const PLAIN_CLAIMING = `${QUEUE}${CLAIMING_FUNCTIONS}`;
export const CLAIMING = `${RARE_QUEUE}${CLAIMING_FUNCTIONS}`;
