import { Redis, type RedisOptions } from 'ioredis';

/** Where the ways to Redis begin: for what a process asks, and for what Redis tells by itself. */
export interface Ports {
  readonly link: number;
  readonly feed: number;
}

/** For `redis` of an application: opens connections as a client of ours would, but those of the feed by a way of their own. */
export function clientBy(ports: Ports): Redis {
  const client = {
    duplicate: (options: RedisOptions) =>
      new Redis({
        ...options,
        replyMapping: 'legacy',
        // What nobody else asks for.
        port: options.autoResubscribe === false ? ports.feed : ports.link,
      }),
  };
  return client as unknown as Redis;
}
