export { DepotModule, type DepotOptionsFactory } from './depot.module.js';
export type { NamedAsyncOptions } from './depot-registered.module.js';
export type {
  ConnectionOptions,
  DepotOptions,
  LocksOptions,
  QuorumOptions,
  QueueOptions,
  QueuePolicyOptions,
  TasksOptions,
} from './depot.options.js';
export type {
  BackpressureOptions,
  GroupLimitOptions,
  PriorityWeightOptions,
  QueueLimitOptions,
  RateLimitOptions,
} from './task/queue.limits.js';
export type { KeepOptions, RetentionOptions } from './task/retention.js';
export type { RouteOptions, RouteTarget } from './task/task.routes.js';

export { Processor } from './task/decorators/processor.decorator.js';
export { Task } from './task/decorators/task.decorator.js';
export { OnTask } from './task/decorators/on-task.decorator.js';
export type {
  BatchOptions,
  OnTaskOptions,
  ProcessorOptions,
  TaskLockOptions,
  TaskOptions,
} from './task/task.options.js';
export { Ctx, Payload } from './task/decorators/parameter.decorators.js';
export { InjectQueue, getQueueToken } from './task/decorators/inject-queue.decorator.js';
export {
  Queue,
  TaskHandle,
  type BulkAction,
  type CleanOptions,
  type FailedAttempt,
  type RetryDeadOptions,
  type StopListening,
  type TaskSnapshot,
} from './task/queue.js';
export type { AddOptions, UniqueOptions } from './task/add.options.js';
export type { TaskFilter, TaskPage, TaskSearch } from './task/task.search.js';
export {
  QueueService,
  type LookOptions,
  type QueueStats,
  type WorkerSnapshot,
} from './task/queue.service.js';
export { BatchContext, TaskContext } from './task/task.context.js';
export { BatchResult, BatchResultError, type BatchItem } from './task/batch.result.js';
export { TaskEvent } from './task/task.event.js';
export { TASK_EVENTS, type TaskEventName } from './task/event.record.js';
export { TASK_STATES, type TaskState } from './task/task.state.js';
export type { TaskPolicyOptions } from './task/task.policy.js';
export { Batch } from './task/task.types.js';
export type { BulkTask, PayloadOf, ResultOf, TaskEventOf, TaskName, TaskType } from './task/task.types.js';
export {
  DiscardTask,
  LeaseLostError,
  QueueBusyError,
  QueueFullError,
  ResultTimeoutError,
  RetryTask,
  ShutdownError,
  TaskCancelledError,
  TaskDeadlineError,
  TaskExpiredError,
  TaskNotFoundError,
  TaskTimeoutError,
  UnknownTaskError,
} from './task/task.errors.js';
export { TaskFailedError, type TaskFailure } from './task/task.outcome.js';

export { CacheNamespace, CacheService, type Maybe } from './cache/cache.service.js';
export { CacheRegistry } from './cache/cache.registry.js';
export type {
  CacheFactory,
  CacheFallback,
  CacheMemoryOptions,
  CacheOptions,
  CachePolicyOptions,
  FactoryContext,
  FactoryTimeoutOptions,
  GetOrSetOptions,
  NamedCacheOptions,
  SetOptions,
} from './cache/cache.options.js';
export type { ManyFactory } from './cache/cache.many.js';
export type { WarmEntry, WarmOptions, WarmUp } from './cache/cache.warm.js';
export type { CacheEventName, CacheEvents, CacheTier } from './cache/cache.events.js';
export type { CacheCounts, CacheLatency, CacheStats } from './cache/cache.stats.js';
export { CacheTimeoutError } from './cache/cache.errors.js';
export { BloomFilter, type FilterInfo, type RebuildOptions } from './cache/filter/bloom.filter.js';
export type { CacheFilter } from './cache/filter/cache.filter.js';
export type { FilterOptions } from './cache/filter/filter.shape.js';
export { Cacheable, type CacheableOptions } from './cache/decorators/cacheable.decorator.js';
export { CachePut, type CachePutOptions } from './cache/decorators/cache-put.decorator.js';
export { CacheEvict, type CacheEvictOptions } from './cache/decorators/cache-evict.decorator.js';
export { CacheInterceptor } from './cache/http/nest/cache.interceptor.js';
export { CacheKey, type CacheKeyFactory } from './cache/http/nest/cache-key.decorator.js';
export type { CacheKeyPart } from './cache/cache-key.js';
export { CacheTTL } from './cache/http/nest/cache-ttl.decorator.js';
export { NoCache } from './cache/http/nest/no-cache.decorator.js';
export type { HttpCacheOptions } from './cache/http/http-cache.options.js';
export type { HttpRequest, OfRequest } from './cache/http/http.message.js';
export { InjectCache, getCacheToken } from './cache/decorators/inject-cache.decorator.js';

export { LockService } from './lock/lock.service.js';
export { Lock } from './lock/lock.js';
export { LockSet } from './lock/lock.set.js';
export type { AcquireOptions, LockOptions } from './lock/lock.options.js';
export type { LockHolder, LockInspection } from './lock/lock.inspection.js';
export { LockConflictError, LockLostError, LocksStoppedError, LockTimeoutError } from './lock/lock.errors.js';
export { Locked } from './lock/decorators/locked.decorator.js';
export type { LockedOptions, OnConflict } from './lock/decorators/locked.options.js';
export { HeldLock } from './lock/decorators/held-lock.decorator.js';
export { Fence, StaleTokenError } from './lock/fence.js';

export type { CodecOptions, CompressOptions, EncryptionKey, EncryptOptions } from './codec/codec.options.js';
export type { PayloadCodec } from './codec/payload.codec.js';
export type { ByteSize } from './common/bytes.js';
export { duration, type Duration } from './common/duration.js';
export type { Backoff, BackoffOptions } from './common/backoff.js';
export type { DepotLogger } from './common/logger.js';
export {
  DepotConfigError,
  DepotError,
  EngineClosedError,
  EngineReplyError,
  EngineUnavailableError,
  PayloadError,
  PayloadKeyError,
} from './common/errors.js';
