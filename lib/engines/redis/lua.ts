/** A Lua script and its name, for those who look over its shoulder. */
export interface LuaScript {
  readonly name: string;
  readonly lua: string;
}

export function luaScript(name: string, lua: string): LuaScript {
  return { name, lua };
}

/** Stands in a script, on a line of its own, where `local now` (whole milliseconds) is wanted. */
export const NOW = '--NOW--';

/** Redis is the one clock of a fleet. Tests replace this text to let time stand still. */
export const SERVER_TIME = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;
