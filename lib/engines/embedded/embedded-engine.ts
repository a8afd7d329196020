import { systemClock, type Clock } from '../../common/clock.js';
import type { DepotLogger } from '../../common/logger.js';
import type { Engine } from '../engine.js';
import { EmbeddedCacheEngine } from './embedded-cache.engine.js';
import { EmbeddedLockStore } from './embedded-lock.store.js';
import { EmbeddedTaskBroker } from './embedded-task.broker.js';
import { EmbeddedTaskStore } from './embedded-task.store.js';

/** Everything in this process: nothing to install, nothing kept when it ends. */
export class EmbeddedEngine implements Engine {
  readonly kind = 'embedded';
  readonly tasks: EmbeddedTaskBroker;
  readonly cache: EmbeddedCacheEngine;
  readonly locks: EmbeddedLockStore;
  private readonly store: EmbeddedTaskStore;

  constructor(
    logger: DepotLogger,
    readonly clock: Clock = systemClock,
  ) {
    this.store = new EmbeddedTaskStore(clock);
    this.tasks = new EmbeddedTaskBroker(this.store, 'embedded', logger);
    this.cache = new EmbeddedCacheEngine(clock);
    this.locks = new EmbeddedLockStore(clock);
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.tasks.close();
    this.store.close();
    this.cache.close();
    this.locks.close();
    return Promise.resolve();
  }
}
