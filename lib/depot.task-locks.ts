import { spreadMs } from './common/deferral.js';
import { EngineUnavailableError } from './common/errors.js';
import { acquireOrConflict } from './lock/lock.conflict.js';
import { LockTimeoutError } from './lock/lock.errors.js';
import { lockTtlMs } from './lock/lock.options.js';
import type { LockService } from './lock/lock.service.js';
import type { FoundHandler } from './task/discovery/processor.explorer.js';
import type { TaskHandler } from './task/runtime/task.handler.js';
import { RetryTask } from './task/task.errors.js';
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
      const deferMs = (): number => spreadMs(delayMs);
      const granted = acquireOrConflict(locks, `task:${queue}:${its}`, options, deferMs);
      const lock = await granted.catch((error: unknown) => {
        throw isAway(error) ? notBegun(error, deferMs()) : error;
      });
      try {
        signal.throwIfAborted();
        return await handler.run(payload, new SignalledContext(task, () => lock.signal));
      } finally {
        await lock.release();
      }
    },
  };
}

const isAway = (error: unknown): error is Error =>
  error instanceof EngineUnavailableError || error instanceof LockTimeoutError;

/** The engine was away: nothing has been tried that could use an attempt up. */
const notBegun = ({ message }: Error, delayMs: number): RetryTask =>
  new RetryTask(delayMs, { count: false, reason: `the lock of its key could not be asked for: ${message}` });
