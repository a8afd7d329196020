import { startProxy } from '../../../test/support/proxy.js';
import type { RedisServer } from '../../../test/support/redis-server.js';

/** A way in which Redis goes away, and comes back. */
export interface Outage extends AsyncDisposable {
  /** What a cache connects to. */
  readonly url: string;
  begin(): Promise<void>;
  /** Resolves when Redis answers those who connect anew. */
  end(): Promise<void>;
}

/** By what they are called in the table. */
export const OUTAGES: Readonly<Record<string, (redis: RedisServer) => Promise<Outage>>> = {
  /** Connections are reset, new ones refused; it comes back empty. */
  killed: async (redis) => ({
    url: redis.url,
    begin: () => redis.kill(),
    end: () => redis.start(),
    [Symbol.asyncDispose]: () => redis.start(),
  }),
  /** Connections stay, new ones are accepted by the kernel, nothing answers; then it answers what was asked. */
  stopped: async (redis) => {
    const resume = async (): Promise<void> => redis.resume();
    return {
      url: redis.url,
      begin: async () => redis.pause(),
      end: resume,
      [Symbol.asyncDispose]: resume,
    };
  },
  /** The network swallows everything; what it swallowed arrives when it is well again. */
  'black-holed': async (redis) => {
    const proxy = await startProxy({ port: redis.port });
    return {
      url: proxy.urlOf(redis.url),
      begin: async () => proxy.blackhole(),
      end: async () => proxy.restore(),
      [Symbol.asyncDispose]: () => proxy.close(),
    };
  },
};
