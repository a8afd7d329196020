import type { Queue, TaskSnapshot } from '../task/queue.js';
import type { TaskState } from '../task/task.state.js';
import type { PayloadOf, ResultOf, TaskName } from '../task/task.types.js';
import type { Entry, QueueLedger } from './queue.ledger.js';

/** A snapshot of a task `N` of `Queue<T>`. */
export type SnapshotOf<T, N extends TaskName<T> = TaskName<T>> = N extends N
  ? TaskSnapshot<PayloadOf<T, N>, ResultOf<T, N>> & { readonly name: N }
  : never;

/**
 * The application's own queue, and what it has at this moment: as it was when the last call of the queue, of `drain` or
 * of `advance` returned.
 */
export interface TestQueue<T = unknown> extends Queue<T> {
  /** The tasks that are to run: waiting, then delayed, then blocked, each in the order in which they will run. */
  enqueued<N extends TaskName<T>>(name?: N): readonly SnapshotOf<T, N>[];
  /** The tasks that ended well and are kept (`keep`), in the order in which they ended. */
  completed<N extends TaskName<T>>(name?: N): readonly SnapshotOf<T, N>[];
  /** The tasks that are dead and kept, in the order in which they died. */
  failed<N extends TaskName<T>>(name?: N): readonly SnapshotOf<T, N>[];
}

/** Where a queue carries what matchers look at; the same for every copy of the library. */
const LEDGER = Symbol.for('nestjs-depot:testing:ledger');

const ENQUEUED = ['waiting', 'delayed', 'blocked'] as const;

/** Gives the queue that the application has the methods of a `TestQueue`. Harmless when repeated. */
export function equip(queue: Queue, ledger: QueueLedger): TestQueue {
  const pick =
    (...states: readonly TaskState[]) =>
    (name?: string): readonly TaskSnapshot[] =>
      snapshots(ledger.in(...states), name);
  Object.defineProperties(queue, {
    [LEDGER]: { value: ledger, configurable: true },
    enqueued: { value: pick(...ENQUEUED), configurable: true },
    completed: { value: pick('completed'), configurable: true },
    failed: { value: pick('dead'), configurable: true },
  });
  return queue as TestQueue;
}

export function ledgerOf(queue: unknown): QueueLedger | undefined {
  if (typeof queue !== 'object' || queue === null) return undefined;
  return Reflect.get(queue, LEDGER) as QueueLedger | undefined;
}

export function enqueuedIn(ledger: QueueLedger): readonly Entry[] {
  return ledger.in(...ENQUEUED);
}

function snapshots(entries: readonly Entry[], name: string | undefined): readonly TaskSnapshot[] {
  return entries.filter((entry) => name === undefined || entry.name === name).map(({ snapshot }) => snapshot);
}
