import { spreadMs } from './common/deferral.js';
import { acquireOrConflict } from './lock/lock.conflict.js';
import { lockTtlMs } from './lock/lock.options.js';
import type { LockService } from './lock/lock.service.js';
import type { FoundHandler } from './task/discovery/processor.explorer.js';
import type { TaskHandler } from './task/runtime/task.handler.js';
import { SignalledContext } from './task/signalled.context.js';

/**
 * The handler, under the lock of its task's key if its class has such. It is released when the handler has ended, not when
 * the attempt is over: a handler that ignores its time-out still has the key to itself.
 *
 * @throws DepotConfigError for a ttl that no lock can have
 */
export function underLock({ queue, handler, locked, title }: FoundHandler, locks: LockService): TaskHandler {
  if (!locked) return handler;
  const { key, ttlMs, waitMs: wait, delayMs } = locked;
  if (ttlMs !== undefined) lockTtlMs(ttlMs, `locked.ttl of ${title}`);
  return {
    ...handler,
    run: async (payload, task) => {
      const its = key(payload, task);
      if (its === undefined) return handler.run(payload, task);
      const { signal } = task;
      const options = { wait, signal, ...(ttlMs !== undefined && { ttl: ttlMs }) };
      const lock = await acquireOrConflict(locks, `task:${queue}:${its}`, options, () => spreadMs(delayMs));
      try {
        signal.throwIfAborted();
        return await handler.run(payload, new SignalledContext(task, () => lock.signal));
      } finally {
        await lock.release();
      }
    },
  };
}
