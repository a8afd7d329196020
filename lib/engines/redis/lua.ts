/** A Lua script and the name under which it is registered with the connection. */
export interface LuaScript {
  readonly name: string;
  /** `undefined`: as many as it is called with. */
  readonly numberOfKeys: number | undefined;
  readonly lua: string;
}

export function luaScript(name: string, numberOfKeys: number | undefined, lua: string): LuaScript {
  return { name, numberOfKeys, lua };
}

/** Stands in a script, on a line of its own, where `local now` (whole milliseconds) is wanted. */
export const NOW = '--NOW--';

/** Redis is the one clock of a fleet. Tests replace this text to let time stand still. */
export const SERVER_TIME = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;
