import { cacheSettings, DEFAULT_CACHE, type CacheSettings } from './cache/cache.settings.js';
import { codecSettings } from './codec/codec.options.js';
import { DepotConfigError, show } from './common/errors.js';
import { toMs, type Duration } from './common/duration.js';
import { checkKeys, wholeNumber } from './common/options.js';
import type { DepotLogger } from './common/logger.js';
import type { DepotOptions, QueueOptions } from './depot.options.js';
import { lockQuorum, type LockQuorum } from './depot.quorum.js';
import { checkRedis } from './depot.redis.js';
import { sharedSlots, type SharedSlots } from './depot.slots.js';
import { lockTtlMs } from './lock/lock.options.js';
import { LIMIT_KEYS, queueBackpressure, queueLimits, type QueueBackpressure } from './task/queue.limits.js';
import { DEFAULT_KEEP, retentions, type Keep } from './task/retention.js';
import type { QueueLimits, QueueSettings } from './task/task.broker.js';
import { TaskCodec } from './task/task.codec.js';
import { DEFAULT_POLICY, taskPolicy, type TaskPolicy } from './task/task.policy.js';
import { TaskRoutes } from './task/task.routes.js';

/** What `DepotOptions` come to: validated, nothing left out, in milliseconds. */
export interface DepotSettings {
  readonly redis: DepotOptions['redis'];
  readonly namespace: string;
  readonly workers: 'all' | 'none' | readonly string[];
  readonly shutdownTimeoutMs: number;
  readonly concurrency: number;
  /** The slots that all queues of this process share, if they do. */
  readonly sharedSlots: SharedSlots | undefined;
  readonly maxPayloadBytes: number;
  readonly resultTimeoutMs: number;
  readonly leaseMs: number;
  readonly idleLeaseMs: number;
  readonly policy: TaskPolicy;
  readonly maxCrashes: number;
  readonly keep: Keep;
  readonly routes: TaskRoutes;
  readonly codec: TaskCodec;
  readonly cache: CacheSettings;
  readonly lockTtlMs: number;
  readonly lockQuorum: LockQuorum | undefined;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly offlineWaitMs: number;
  readonly cacheTimeoutMs: number;
  readonly logger: DepotLogger | false | undefined;
}

/** A queue that was registered: what the engine needs of it, and how its tasks are retried by default. */
export interface RegisteredQueue extends QueueSettings {
  readonly policy: TaskPolicy;
  readonly backpressure: QueueBackpressure;
}

/** An idle consumer is forgotten after this silence; it is heard of twice in it at least. */
const IDLE_LEASE_MS = 600_000;

const POLICY_KEYS = ['attempts', 'backoff', 'timeout', 'deadline', 'maxCrashes', 'keep'] as const;

/** @throws DepotConfigError naming the option, its value and what is expected */
export function depotSettings(options: DepotOptions): DepotSettings {
  checkKeys(options, 'DepotModule.forRoot', [
    'redis',
    'namespace',
    'workers',
    'shutdownTimeout',
    'tasks',
    'queueOrder',
    'routes',
    'codec',
    'cache',
    'locks',
    'connection',
    'logger',
  ]);
  const { tasks = {}, cache = {}, locks = {}, connection = {} } = options;
  checkKeys(tasks, 'tasks', [
    ...POLICY_KEYS,
    'concurrency',
    'processConcurrency',
    'lease',
    'maxPayload',
    'resultTimeout',
  ]);
  checkKeys(locks, 'locks', ['ttl', 'quorum']);
  checkKeys(connection, 'connection', ['connectTimeout', 'commandTimeout', 'offlineWait', 'cacheTimeout']);
  const leaseMs = atLeast(100, tasks.lease ?? '4s', 'tasks.lease');
  const maxPayloadBytes = wholeNumber(tasks.maxPayload ?? 1_048_576, 1, 536_870_912, 'tasks.maxPayload');
  return {
    redis: options.redis === undefined ? undefined : checkRedis(options.redis, 'redis'),
    namespace: checkName(options.namespace ?? 'depot', 'namespace'),
    workers: checkWorkers(options.workers ?? 'all'),
    shutdownTimeoutMs: toMs(options.shutdownTimeout ?? '20s', 'shutdownTimeout'),
    concurrency: checkConcurrency(tasks.concurrency ?? 10, 'tasks.concurrency'),
    sharedSlots: sharedSlots(options),
    maxPayloadBytes,
    resultTimeoutMs: toMs(tasks.resultTimeout ?? '1m', 'tasks.resultTimeout'),
    leaseMs,
    idleLeaseMs: Math.max(IDLE_LEASE_MS, leaseMs * 10),
    policy: taskPolicy(tasks, DEFAULT_POLICY, 'tasks'),
    maxCrashes: wholeNumber(tasks.maxCrashes ?? 3, 1, 1_000, 'tasks.maxCrashes'),
    keep: retentions(tasks.keep ?? {}, DEFAULT_KEEP, 'tasks.keep'),
    routes: new TaskRoutes(options.routes ?? {}),
    codec: new TaskCodec(codecSettings(options.codec ?? {}, maxPayloadBytes)),
    cache: cacheSettings(cache, DEFAULT_CACHE, 'cache'),
    lockTtlMs: lockTtlMs(locks.ttl ?? '30s', 'locks.ttl'),
    lockQuorum: locks.quorum === undefined ? undefined : lockQuorum(locks.quorum),
    connectTimeoutMs: atLeast(1, connection.connectTimeout ?? '5s', 'connection.connectTimeout'),
    commandTimeoutMs: atLeast(
      10,
      connection.commandTimeout ?? Math.ceil(leaseMs / 3),
      'connection.commandTimeout',
    ),
    offlineWaitMs: toMs(connection.offlineWait ?? '1s', 'connection.offlineWait'),
    cacheTimeoutMs: atLeast(1, connection.cacheTimeout ?? '40ms', 'connection.cacheTimeout'),
    logger: checkLogger(options.logger),
  };
}

/** @throws DepotConfigError naming the queue, the option, its value and what is expected */
export function queueSettings(options: QueueOptions, depot: DepotSettings): RegisteredQueue {
  const name = checkName(options.name, 'DepotModule.registerQueue: name');
  const what = `queue '${name}'`;
  checkKeys(options, what, ['name', ...POLICY_KEYS, ...LIMIT_KEYS]);
  return {
    name,
    leaseMs: depot.leaseMs,
    idleLeaseMs: depot.idleLeaseMs,
    maxCrashes: wholeNumber(options.maxCrashes ?? depot.maxCrashes, 1, 1_000, `${what}.maxCrashes`),
    keep: retentions(options.keep ?? {}, depot.keep, `${what}.keep`),
    limits: queueLimits(options, what) ?? noLimits(name, depot.workers),
    policy: taskPolicy(options, depot.policy, what),
    backpressure: queueBackpressure(options, what),
  };
}

/** Who works on a queue and says nothing of limits means that there are none; who merely adds to it has no say. */
function noLimits(name: string, workers: DepotSettings['workers']): QueueLimits | undefined {
  const works = workers === 'all' || (workers !== 'none' && workers.includes(name));
  return works ? {} : undefined;
}

export function checkConcurrency(value: unknown, name: string): number {
  return wholeNumber(value, 1, 1_000, name);
}

function atLeast(minMs: number, value: Duration, name: string): number {
  const ms = toMs(value, name);
  if (ms >= minMs) return ms;
  throw new DepotConfigError(`${name} is ${show(value)}; expected at least ${minMs} ms`);
}

/** Braces would move a key to another slot of a cluster, white space would break messages. */
export function checkName(value: unknown, name: string): string {
  if (typeof value === 'string' && /^[^\s{}\p{Cc}]{1,128}$/u.test(value)) return value;
  throw new DepotConfigError(
    `${name} is ${show(value)}; expected 1 to 128 characters without white space or braces`,
  );
}

function checkLogger(value: unknown): DepotLogger | false | undefined {
  if (value === undefined || value === false) return value;
  const logger: Partial<DepotLogger> = typeof value === 'object' && value !== null ? value : {};
  const speaks = (['log', 'warn', 'error'] as const).every((method) => typeof logger[method] === 'function');
  if (speaks) return value as DepotLogger;
  throw new DepotConfigError(
    `logger is ${show(value)}; expected an object with log, warn and error, or false`,
  );
}

function checkWorkers(value: unknown): 'all' | 'none' | readonly string[] {
  if (value === 'all' || value === 'none') return value;
  if (Array.isArray(value) && value.every((name): name is string => typeof name === 'string')) return value;
  throw new DepotConfigError(`workers is ${show(value)}; expected 'all', 'none' or an array of queue names`);
}
