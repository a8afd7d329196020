import { startRedis, type RedisServer, type RedisServerOptions } from '../../test/support/redis-server.js';
import type { Profiled, Profiler } from './profiler.js';
import type { Stage } from './suite.js';

/** Ends everything that a suite has started. */
export class SuiteStage implements Stage, AsyncDisposable {
  private readonly owned: AsyncDisposable[] = [];
  private readonly servers = new Map<string, Promise<RedisServer>>();

  constructor(
    readonly short: boolean,
    private readonly profiler: Profiler | undefined,
  ) {}

  redis(options: RedisServerOptions = {}): Promise<RedisServer> {
    const key = JSON.stringify(options);
    const server = this.servers.get(key) ?? startRedis(options).then((started) => this.own(started));
    this.servers.set(key, server);
    return server;
  }

  own<T extends AsyncDisposable>(thing: T): T {
    this.owned.push(thing);
    return thing;
  }

  watch(name: string, process: Profiled): void {
    this.profiler?.watch(name, process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thing of this.owned.splice(0).reverse()) await thing[Symbol.asyncDispose]();
  }
}
