import { DepotConfigError, show } from '../../common/errors.js';
import { toMs } from '../../common/duration.js';
import { deferDelayMs } from '../../common/deferral.js';
import { checkKey } from '../../common/key.js';
import { checkKeys, wholeNumber } from '../../common/options.js';
import type { BatchPolicy } from '../runtime/task.handler.js';
import type { TaskContext } from '../task.context.js';
import type { TaskLockOptions, TaskOptions } from '../task.options.js';

const POLICY_OPTIONS = ['attempts', 'backoff', 'timeout', 'deadline'];
const TASK_OPTIONS = [...POLICY_OPTIONS, 'aliases', 'concurrency', 'batch'];

/** What a handler's own options come to, apart from its policy. */
export interface CheckedTaskOptions {
  readonly aliases: readonly string[];
  readonly concurrency: number | undefined;
  readonly batch: BatchPolicy | undefined;
}

/** Which tasks run one at a time, and what becomes of one whose turn it is not. */
export interface TaskLock {
  /** `undefined`: the task needs no lock. @throws DepotConfigError when it is no key */
  readonly key: (payload: unknown, task: TaskContext) => string | undefined;
  readonly ttlMs: number | undefined;
  readonly waitMs: number;
  readonly delayMs: number;
}

/** @throws DepotConfigError naming the option of `name` that is wrong */
export function checkTaskOptions(options: TaskOptions, name: string): CheckedTaskOptions {
  checkKeys(options, name, TASK_OPTIONS);
  const { aliases = [], concurrency, batch } = options;
  if (!Array.isArray(aliases) || !aliases.every(isName)) {
    throw new DepotConfigError(`aliases of ${name} is ${show(aliases)}; expected an array of names`);
  }
  return {
    aliases,
    concurrency:
      concurrency === undefined ? undefined : wholeNumber(concurrency, 1, 1_000, `concurrency of ${name}`),
    batch: batch === undefined ? undefined : checkBatch(batch, `batch of ${name}`),
  };
}

/** @throws DepotConfigError naming the option of `name` that is wrong */
export function checkEventOptions(options: unknown, name: string): void {
  checkKeys(options, name, POLICY_OPTIONS);
}

/** @throws DepotConfigError naming the option of `name` that is wrong */
export function checkTaskLock(locked: TaskLockOptions<never>, name: string): TaskLock {
  checkKeys(locked, name, ['key', 'ttl', 'wait', 'delay']);
  const { key, ttl, wait = '50ms', delay } = locked;
  if (typeof key !== 'function') {
    throw new DepotConfigError(`${name}.key is ${show(key)}; expected a function`);
  }
  return {
    key: (payload, task) => checkTold(key(payload as never, task), `${name}: what key returned`),
    ttlMs: ttl === undefined ? undefined : toMs(ttl, `${name}.ttl`),
    waitMs: toMs(wait, `${name}.wait`),
    delayMs: deferDelayMs(delay, `${name}.delay`),
  };
}

function checkTold(key: unknown, what: string): string | undefined {
  return key === undefined || key === null ? undefined : checkKey(key, what);
}

function checkBatch(batch: NonNullable<TaskOptions['batch']>, name: string): BatchPolicy {
  checkKeys(batch, name, ['size', 'wait']);
  return {
    size: wholeNumber(batch.size, 1, 1_000, `${name}.size`),
    waitMs: toMs(batch.wait ?? '50ms', `${name}.wait`),
  };
}

const isName = (name: unknown): boolean => typeof name === 'string' && name !== '' && !name.includes('\n');
