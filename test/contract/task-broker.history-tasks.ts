import type { NewTask, QueueLimits, Unique } from '../../lib/task/task.broker.js';
import type { random } from '../support/random.js';
import { one } from './task-broker.fleet.js';

type Chance = ReturnType<typeof random>;

const IDS = 24;

const LIMITS: readonly QueueLimits[] = [
  {},
  {},
  { concurrency: 3 },
  { group: { concurrency: 1 } },
  { concurrency: 4, group: { concurrency: 2 } },
  { weights: [1, 1, 1, 1, 1, 2, 1, 1, 1, 3] },
  { backlog: 8 },
];

const KEYS: readonly Unique[] = [
  { key: 'one', mode: 'reject' },
  { key: 'two', mode: 'replace' },
  { key: 'three', mode: 'keepLast' },
];

const pick = <const T>(chance: Chance, items: readonly T[]): T => items[chance.below(items.length)] as T;

/** Of a task that is there or not. */
export const randomId = (chance: Chance): string => `t${chance.below(IDS)}`;

export const randomLimits = (chance: Chance): QueueLimits => pick(chance, LIMITS);

/** Mostly a plain one; some have a due time, a name, a priority, a group, an expiry or a key. */
export function randomTask(chance: Chance): NewTask {
  const oneOf = (count: number): boolean => chance.below(count) === 0;
  return one(randomId(chance), {
    ...(oneOf(3) && { due: { inMs: chance.below(8_000) } }),
    ...(oneOf(6) && { name: 'other' }),
    ...(oneOf(3) && { priority: chance.below(10) }),
    ...(oneOf(3) && { group: pick(chance, ['g', 'h']) }),
    ...(oneOf(6) && { expiresInMs: 1 + chance.below(6_000) }),
    ...(oneOf(4) && { unique: pick(chance, KEYS) }),
  });
}

/** For the log of a history. */
export const describeTask = ({ id, due, priority, group, unique, expiresInMs }: NewTask): string =>
  [
    id,
    due ? '+' : '',
    priority === undefined ? '' : `p${priority}`,
    group ?? '',
    unique?.key ?? '',
    expiresInMs ?? '',
  ]
    .filter((part) => part !== '')
    .join('.');
