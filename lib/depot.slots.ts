import { DepotConfigError, show } from './common/errors.js';
import { wholeNumber } from './common/options.js';
import type { DepotOptions } from './depot.options.js';
import type { QueueOrder } from './task/runtime/slot.pool.js';

/** The slots that all queues of a process share, and which of them goes first. */
export interface SharedSlots {
  readonly slots: number;
  readonly order: QueueOrder;
}

/** `undefined`: each queue has its own. @throws DepotConfigError naming the option, its value and what is expected */
export function sharedSlots({ tasks = {}, queueOrder }: DepotOptions): SharedSlots | undefined {
  const { processConcurrency, concurrency = 10 } = tasks;
  if (queueOrder === undefined && processConcurrency === undefined) return undefined;
  return {
    slots: wholeNumber(processConcurrency ?? concurrency, 1, 10_000, 'tasks.processConcurrency'),
    order: checkOrder(queueOrder ?? {}),
  };
}

/** The queues that the order names. */
export const orderedQueues = (order: QueueOrder): readonly string[] =>
  order.kind === 'strict' ? order.queues : [...order.weights.keys()];

function checkOrder(value: unknown): QueueOrder {
  if (Array.isArray(value)) {
    const queues: readonly unknown[] = value;
    const isList = queues.every((name): name is string => typeof name === 'string');
    if (isList && new Set(queues).size === queues.length) return { kind: 'strict', queues };
    throw new DepotConfigError('queueOrder is an array; expected names of queues, each once');
  }
  if (typeof value !== 'object' || value === null) {
    throw new DepotConfigError(
      `queueOrder is ${show(value)}; expected an array of queue names, or an object with a weight for each`,
    );
  }
  return { kind: 'weighted', weights: new Map(Object.entries(value).map(checkWeight)) };
}

function checkWeight([queue, weight]: readonly [string, unknown]): readonly [string, number] {
  if (typeof weight === 'number' && Number.isFinite(weight) && weight > 0) return [queue, weight];
  throw new DepotConfigError(`queueOrder.${queue} is ${show(weight)}; expected a number above 0`);
}
