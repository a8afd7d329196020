import type { Redis, RedisOptions } from 'ioredis';
import type { CacheOptions } from './cache/cache.options.js';
import type { CodecOptions } from './codec/codec.options.js';
import type { Duration } from './common/duration.js';
import type { DepotLogger } from './common/logger.js';
import type { QueueLimitOptions } from './task/queue.limits.js';
import type { KeepOptions } from './task/retention.js';
import type { TaskPolicyOptions } from './task/task.policy.js';
import type { RouteOptions } from './task/task.routes.js';

/** Options of `DepotModule.forRoot`. All are validated once, at start-up; `docs/options.md` is their reference table. */
export interface DepotOptions {
  /**
   * Where Redis is: a URL (`redis://user:password@host:6379/0`, `rediss://…`), ioredis options, or a ready ioredis
   * client, which is duplicated and never used itself. Left out: the embedded engine, in this process.
   */
  readonly redis?: string | RedisOptions | Redis | undefined;
  /** First part of every key; many applications can share one Redis. @default 'depot' */
  readonly namespace?: string;
  /** Which queues this process consumes. @default 'all' */
  readonly workers?: 'all' | 'none' | readonly string[];
  /** How long running handlers may go on when the application closes. @default '20s' */
  readonly shutdownTimeout?: Duration;
  readonly tasks?: TasksOptions;
  /**
   * How the queues that this process consumes share its slots (`tasks.processConcurrency`): a list is served strictly in
   * order, those that are not in it come last; a record says how often each is served, relative to the others, 1 when it
   * is not in it. @default each queue has its own slots
   */
  readonly queueOrder?: readonly string[] | Readonly<Record<string, number>>;
  /** Which queue `QueueService.dispatch(key, message)` adds to. @default none: nothing can be dispatched */
  readonly routes?: RouteOptions;
  /** How payloads, results, progress, errors and log lines are written; `docs/codec.md`. @default as text by the built-in codec */
  readonly codec?: CodecOptions;
  /** Of the default cache, and of all others unless they say otherwise; `docs/cache.md`. */
  readonly cache?: CacheOptions;
  readonly locks?: LocksOptions;
  readonly connection?: ConnectionOptions;
  /** Where the library logs to; `false`: nowhere. @default Nest's logger, context 'Depot' */
  readonly logger?: DepotLogger | false;
}

/** What holds for every queue unless it, a handler or a task says otherwise. */
export interface TasksOptions extends QueuePolicyOptions {
  /** Handlers of one queue that run at the same time in this process, 1 to 1,000. @default 10 */
  readonly concurrency?: number;
  /** Handlers of all queues together that run at the same time in this process, 1 to 10,000. @default no limit; with `queueOrder`, `tasks.concurrency` */
  readonly processConcurrency?: number;
  /** A worker that was not heard of for so long is dead, and what it had in hand runs again. @default '4s' */
  readonly lease?: Duration;
  /** Bytes that a payload or a result may have when serialised. @default 1,048,576 */
  readonly maxPayload?: number;
  /** How long `handle.result()` waits. @default '1m' */
  readonly resultTimeout?: Duration;
}

export interface QueuePolicyOptions extends TaskPolicyOptions {
  /** A task is buried as dead when it alone has killed so many worker processes. @default 3 */
  readonly maxCrashes?: number;
  /** How many ended tasks are kept, how long, and how much of them. */
  readonly keep?: KeepOptions;
}

/** Options of `DepotModule.registerQueue`. */
export interface QueueOptions extends QueuePolicyOptions, QueueLimitOptions {
  /** 1 to 128 characters; no white space, no braces. */
  readonly name: string;
}

export interface LocksOptions {
  /** How long a lock outlives its process when the call does not say so, 1 ms to 365 days. @default '30s' */
  readonly ttl?: Duration;
  /** All locks live on a majority of these servers, instead of the engine; `docs/quorum.md`. @default they live on the engine */
  readonly quorum?: QuorumOptions;
}

/** Locks over Redis servers that know nothing of each other. */
export interface QuorumOptions {
  /**
   * The servers, as for `redis`: an odd number, at least 3, in the same order in every process. No replicas of each other, and no
   * Cluster.
   */
  readonly nodes: readonly (string | RedisOptions | Redis)[];
  /** By what share clocks of processes and servers may run differently, 0 to 0.5: servers keep a lock so much longer. @default 0.01 */
  readonly drift?: number;
  /** A server that has no answer for so long is left out, at least 10 ms. @default '200ms' */
  readonly timeout?: Duration;
}

/** How Redis is reached. The embedded engine needs none of it. */
export interface ConnectionOptions {
  /** How long connecting may take; at start-up an error follows. @default '5s' */
  readonly connectTimeout?: Duration;
  /** A command that has no answer for so long has failed; its connection is replaced. @default a third of `tasks.lease` */
  readonly commandTimeout?: Duration;
  /** How long a call waits for a connection that is down before it fails; 0: it fails at once. @default '1s' */
  readonly offlineWait?: Duration;
  /** A cache that has no answer from Redis for so long goes on without it until it answers again. @default '40ms' */
  readonly cacheTimeout?: Duration;
}
