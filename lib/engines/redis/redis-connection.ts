import { Redis, type RedisOptions } from 'ioredis';
import { RedisLink } from './redis-link.js';

/** A URL, options, or a client of the user's. */
export type RedisPlace = string | RedisOptions | Redis;

/** After so long the kernel asks whether the other side of a silent socket is still there; ten seconds without an answer end it. */
export const KEEP_ALIVE_MS = 5_000;

/** What Redis tells by itself comes in RESP 2 only; and a subscription counts with what else was set up with it, or not at all. */
const HEARS = { protocol: 2, autoResubscribe: false } as const;

/** Makes connections there. */
export function connector(redis: RedisPlace): (overrides: RedisOptions) => Redis {
  return (overrides) => {
    const options = { ...overrides, replyMapping: 'legacy' as const };
    if (typeof redis === 'string') return new Redis(redis, options);
    return isClient(redis) ? redis.duplicate(options) : new Redis({ ...redis, ...options });
  };
}

/** A connection on which Redis tells by itself. */
export function hearingLink(connect: ReturnType<typeof connector>, connectTimeoutMs: number): RedisLink {
  return new RedisLink({
    connect: (overrides) => connect({ ...overrides, ...HEARS, keepAlive: KEEP_ALIVE_MS }),
    connectTimeoutMs,
    commandTimeoutMs: 0,
    waitMs: 0,
  });
}

/** By shape: the user's ioredis may be another copy than ours. */
function isClient(redis: RedisOptions | Redis): redis is Redis {
  return typeof (redis as Partial<Redis>).duplicate === 'function';
}
