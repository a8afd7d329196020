import type { Ack, NewTask, QueueLimits, Unique } from '../../lib/task/task.broker.js';
import type { random } from '../support/random.js';
import { completed, dead, one, parked, retried } from './task-broker.fleet.js';
import type { Model } from './task-broker.model.js';

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

export const pick = <const T>(chance: Chance, items: readonly T[]): T =>
  items[chance.below(items.length)] as T;

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

/** Ends of some of these tasks. */
export function randomAcks(chance: Chance, ids: Iterable<string>, model: Model): readonly Ack[] {
  return [...ids].flatMap((id): Ack[] => {
    const used = model.triesOf(id);
    const tries = used + 1;
    const dice = chance.below(10);
    if (dice < 4) return [completed(id)];
    if (dice < 5) return [dead(id, tries)];
    if (dice < 6) return [parked(id, used)];
    if (dice < 8) return [retried(id, chance.below(3) * 1_000, tries)];
    return [];
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
