import type { CacheEngine } from '../cache/cache.store.js';
import type { Clock } from '../common/clock.js';
import type { LockStore } from '../lock/lock.store.js';
import type { TaskBroker } from '../task/task.broker.js';

/** What stores and hands out everything: one for an application. Features see its parts, never the engine itself. */
export interface Engine {
  readonly kind: 'embedded' | 'redis';
  readonly clock: Clock;
  readonly tasks: TaskBroker;
  readonly cache: CacheEngine;
  readonly locks: LockStore;
  /** Connects. @throws EngineUnavailableError when that fails within the connect time-out */
  open(): Promise<void>;
  /** Closes connections and timers. Never rejects; harmless when closed already. */
  close(): Promise<void>;
}
