import { backoffPolicy } from '../common/backoff.js';
import type { Clock } from '../common/clock.js';
import { toMs } from '../common/duration.js';
import { DepotConfigError, show } from '../common/errors.js';
import { checkKeys, wholeNumber } from '../common/options.js';
import type { AddOptions, UniqueOptions } from './add.options.js';
import type { NewTask, Unique } from './task.broker.js';
import type { TaskCodec } from './task.codec.js';
import { NO_OVERRIDES, writeEnvelope, type TaskOverrides } from './task.envelope.js';
import { newTaskId } from './task.id.js';
import { checkAttempts } from './task.policy.js';

const ADD_OPTIONS = [
  'id',
  'delay',
  'runAt',
  'priority',
  'attempts',
  'backoff',
  'timeout',
  'deadline',
  'expiresIn',
  'unique',
  'group',
  'keepResult',
  'tags',
];

/** What all tasks of a queue have in common when they are made. */
export interface TaskMaker {
  readonly queue: string;
  readonly clock: Clock;
  readonly codec: TaskCodec;
  readonly maxPayloadBytes: number;
}

const DEFAULT_PRIORITY = 5;

/**
 * A task as it is stored.
 *
 * @throws PayloadError when the payload can't be written, or is too large
 * @throws DepotConfigError naming the option that is wrong
 */
export function newTask(name: string, payload: unknown, options: AddOptions, maker: TaskMaker): NewTask {
  const { clock, codec, maxPayloadBytes } = maker;
  const what = `task '${name}' of queue '${maker.queue}'`;
  checkTaskName(name);
  checkKeys(options, `options of ${what}`, ADD_OPTIONS);
  const now = clock.now();
  const text = codec.encode(payload, `payload of ${what}`, maxPayloadBytes);
  // A worker of the version before takes no notice of what is new; it leaves the task to a newer one.
  const newText = codec.needsNewReader(text);
  if (Object.keys(options).length === 0) {
    const parts = { name, enqueuedAt: now, overrides: NO_OVERRIDES, payload: text };
    return { id: newTaskId(), envelope: writeEnvelope(parts, newText ? '2' : '1') };
  }
  const id = options.id === undefined ? newTaskId() : checkId(options.id, what);
  const due = dueOf(options, what);
  const placing = placingOf(options, payload, what);
  const overrides = overridesOf(options, what);
  const newer =
    newText ||
    placing !== NO_PLACING ||
    overrides.deadlineMs !== undefined ||
    overrides.keepResultMs !== undefined;
  const parts = { name, enqueuedAt: now, delayMs: delayMs(due, now), overrides, payload: text };
  return { id, envelope: writeEnvelope(parts, newer ? '2' : '1'), ...(due && { due }), ...placing };
}

/** @throws DepotConfigError when it is none */
export function checkTaskName(name: unknown): string {
  if (typeof name === 'string' && name !== '' && !name.includes('\n')) return name;
  throw new DepotConfigError(`the task name is ${show(name)}; expected text without line breaks`);
}

function checkId(id: unknown, what: string): string {
  if (typeof id === 'string' && id !== '' && id.length <= 256 && !/[\s\p{Cc}]/u.test(id)) return id;
  throw new DepotConfigError(
    `id of ${what} is ${show(id)}; expected 1 to 256 characters without white space`,
  );
}

const isGiven = (options: AddOptions, ...names: readonly (keyof AddOptions)[]): boolean =>
  names.some((name) => options[name] !== undefined);

function overridesOf(options: AddOptions, what: string): TaskOverrides {
  const { attempts, backoff, timeout, deadline, keepResult, tags } = options;
  if (!isGiven(options, 'attempts', 'backoff', 'timeout', 'deadline', 'keepResult', 'tags')) {
    return NO_OVERRIDES;
  }
  const keepMs = keepResultMs(keepResult, `keepResult of ${what}`);
  const overrides: TaskOverrides = {
    ...(attempts !== undefined && { attempts: checkAttempts(attempts, `attempts of ${what}`) }),
    ...(backoff !== undefined && { backoff: backoffPolicy(backoff, `backoff of ${what}`) }),
    ...(timeout !== undefined && { timeoutMs: toMs(timeout, `timeout of ${what}`) }),
    ...(deadline !== undefined && { deadlineMs: toMs(deadline, `deadline of ${what}`) }),
    ...(keepMs !== undefined && { keepResultMs: keepMs }),
    ...(tags !== undefined && { tags: checkTags(tags, `tags of ${what}`) }),
  };
  return Object.keys(overrides).length === 0 ? NO_OVERRIDES : overrides;
}

function keepResultMs(value: unknown, name: string): number | undefined {
  if (value === undefined || value === true) return undefined;
  return value === false ? 0 : toMs(value, name);
}

const MOST_TAGS = 16;

function checkTags(tags: unknown, name: string): readonly string[] {
  if (!Array.isArray(tags) || tags.length > MOST_TAGS) {
    throw new DepotConfigError(`${name} is ${show(tags)}; expected an array of up to ${MOST_TAGS} texts`);
  }
  return tags.map((tag: unknown) => checkText(tag, 64, `a tag in ${name}`));
}

/** What the engine has to know to place it among the others. */
type Placing = Pick<NewTask, 'priority' | 'group' | 'expiresInMs' | 'unique'>;

const NO_PLACING: Placing = {};

function placingOf(options: AddOptions, payload: unknown, what: string): Placing {
  if (!isGiven(options, 'priority', 'group', 'expiresIn', 'unique')) return NO_PLACING;
  const { priority = DEFAULT_PRIORITY, group, expiresIn, unique } = options;
  const placing: Placing = {
    ...(wholeNumber(priority, 0, 9, `priority of ${what}`) !== DEFAULT_PRIORITY && { priority }),
    ...(group !== undefined && { group: checkText(group, 256, `group of ${what}`) }),
    ...(expiresIn !== undefined && { expiresInMs: someMs(expiresIn, `expiresIn of ${what}`) }),
    ...(unique !== undefined && { unique: uniqueOf(unique, payload, `unique of ${what}`) }),
  };
  return Object.keys(placing).length === 0 ? NO_PLACING : placing;
}

const MODES: readonly unknown[] = ['reject', 'throttle', 'replace', 'debounce', 'keepLast'];

function uniqueOf(options: UniqueOptions, payload: unknown, name: string): Unique {
  checkKeys(options, name, ['key', 'mode', 'ttl', 'maxWait']);
  const { key, mode = 'reject', ttl, maxWait } = options;
  if (!MODES.includes(mode)) {
    throw new DepotConfigError(`${name}.mode is ${show(mode)}; expected one of ${MODES.join(', ')}`);
  }
  if (ttl === undefined && (mode === 'throttle' || mode === 'debounce')) {
    throw new DepotConfigError(`${name}.ttl is undefined; mode '${mode}' needs it`);
  }
  if (maxWait !== undefined && mode !== 'debounce') {
    throw new DepotConfigError(`${name}.maxWait is ${show(maxWait)}; it is for mode 'debounce' only`);
  }
  return {
    key: checkText(typeof key === 'function' ? key(payload) : key, 256, `${name}.key`),
    mode,
    ...(ttl !== undefined && { ttlMs: someMs(ttl, `${name}.ttl`) }),
    ...(maxWait !== undefined && { maxWaitMs: someMs(maxWait, `${name}.maxWait`) }),
  };
}

function checkText(value: unknown, longest: number, name: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= longest && !/\p{Cc}/u.test(value))
    return value;
  throw new DepotConfigError(
    `${name} is ${show(value)}; expected 1 to ${longest} characters without control characters`,
  );
}

function someMs(value: unknown, name: string): number {
  const ms = toMs(value, name);
  if (ms >= 1) return ms;
  throw new DepotConfigError(`${name} is ${show(value)}; expected at least 1 ms`);
}

function dueOf({ delay, runAt }: AddOptions, what: string): NewTask['due'] {
  if (delay !== undefined && runAt !== undefined) {
    throw new DepotConfigError(`${what} has both delay and runAt; expected one of them`);
  }
  if (runAt !== undefined) {
    const atMs = runAt instanceof Date ? runAt.getTime() : Number.NaN;
    if (Number.isNaN(atMs))
      throw new DepotConfigError(`runAt of ${what} is ${show(runAt)}; expected a valid Date`);
    return { atMs };
  }
  const inMs = delay === undefined ? 0 : toMs(delay, `delay of ${what}`);
  return inMs > 0 ? { inMs } : undefined;
}

/** A deadline counts from when the task was to run. */
function delayMs(due: NewTask['due'], now: number): number {
  if (!due) return 0;
  return 'inMs' in due ? due.inMs : Math.max(0, due.atMs - now);
}
