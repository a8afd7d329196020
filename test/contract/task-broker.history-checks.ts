import { expect } from '@jest/globals';
import type { ClaimedTask } from '../../lib/task/task.broker.js';
import { numberOf, type Stored } from './task-broker.engine.js';
import type { Model } from './task-broker.model.js';

/** How many tasks the consumer has in hand, whether it knows or not. */
export const inHand = ({ holders }: Stored, consumer: string): number =>
  [...holders.values()].filter((number) => number === numberOf(consumer)).length;

/**
 * Fails when something was left that was of a higher priority than what was claimed. What was set aside, held back or a
 * suspect before is no matter of priority alone, and neither is what a group holds back.
 */
export function checkOrder(
  claimed: readonly ClaimedTask[],
  before: Stored,
  { levels }: Stored,
  model: Model,
): void {
  const left = levels.filter((id) => model.groupOf(id) === undefined);
  const highest = Math.max(...left.map((id) => model.priorityOf(id)));
  const overtaking = claimed.filter(({ id }) => before.levels.includes(id) && model.priorityOf(id) < highest);
  expect(overtaking).toEqual([]);
}
