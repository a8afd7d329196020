import fc from 'fast-check';
import type { NewTask, QueueLimits, QueueSettings, Rate, Rooms, Unique } from '../../lib/task/task.broker.js';
import { TASK_EVENTS, type TaskEventName } from '../../lib/task/event.record.js';
import { keeping, SETTINGS } from '../contract/task-broker.fleet.js';

export const NAMES = ['send', 'call', 'post'] as const;
const GROUPS = ['a', 'b', 'c'] as const;
/** Few, so that they meet again. */
const IDS = Array.from({ length: 12 }, (_, at) => `t${at}`);
/** Times that fall together often, and sometimes just not. */
export const TIMES = [0, 1, 250, 500, 999, 1_000, 1_500, 2_500, 4_000, 6_000] as const;

/** How a queue is, for one history. */
export interface Plan {
  readonly settings: QueueSettings;
  readonly limits: QueueLimits;
  /** So many processes have a consumer from the beginning. */
  readonly workers: number;
}

/** A task as it is to be added, but for its envelope, which is new each time. */
export type TaskPlan = Omit<NewTask, 'envelope'> & { readonly name: string };

/** There in one case of so many. */
export const sometimes = <T>(value: fc.Arbitrary<T>, of = 2): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: of - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

/** Without what is `undefined`. */
const lean = <T extends object>(parts: fc.Arbitrary<T>): fc.Arbitrary<Lean<T>> =>
  parts.map(
    (all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Lean<T>,
  );

type Lean<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

const time = fc.constantFrom(...TIMES);
const soon = fc.constantFrom(250, 1_000, 2_500, 6_000);
const rate: fc.Arbitrary<Rate> = fc.record({
  max: fc.integer({ min: 1, max: 3 }),
  perMs: fc.constantFrom(1_000, 2_500),
});

export const limits: fc.Arbitrary<QueueLimits> = lean(
  fc.record({
    concurrency: sometimes(fc.integer({ min: 1, max: 3 }), 3),
    rate: sometimes(rate, 3),
    backlog: sometimes(fc.integer({ min: 2, max: 5 }), 3),
    weights: sometimes(fc.constant([1, 1, 1, 1, 1, 2, 3, 4, 5, 10]), 3),
    group: sometimes(
      lean(
        fc.record({
          concurrency: sometimes(fc.integer({ min: 1, max: 2 })),
          rate: sometimes(rate),
          backlog: sometimes(fc.integer({ min: 1, max: 3 })),
        }),
      ),
    ),
  }),
);

const retention = fc.record({
  count: fc.constantFrom(0, 1, 3, 100),
  ageMs: fc.constantFrom(2_500, 3_600_000),
  bytes: fc.constantFrom(undefined, undefined, 260, 600),
});

export const plan: fc.Arbitrary<Plan> = fc
  .record({
    limits,
    workers: fc.integer({ min: 0, max: 2 }),
    maxCrashes: fc.integer({ min: 1, max: 3 }),
    keep: fc.record({ completed: retention, dead: retention, cancelled: retention, expired: retention }),
  })
  .map(({ limits: chosen, workers, maxCrashes, keep }) => ({
    workers,
    limits: chosen,
    settings: { ...SETTINGS, maxCrashes, keep: keeping(keep) },
  }));

/** A key is debounced by all who use it or by none: what a mixture means is not said. */
const unique: fc.Arbitrary<Unique> = fc.oneof(
  fc.record({ key: fc.constant('d'), mode: fc.constant('debounce' as const), ttlMs: soon, maxWaitMs: soon }),
  fc.record({ key: fc.constant('d'), mode: fc.constant('debounce' as const), ttlMs: soon }),
  fc.record({ key: fc.constantFrom('k', 'l'), mode: fc.constant('throttle' as const), ttlMs: soon }),
  ...(['reject', 'replace', 'keepLast', 'keepLast'] as const).map((mode) =>
    fc.record({ key: fc.constantFrom('k', 'l'), mode: fc.constant(mode) }),
  ),
  fc.record({
    key: fc.constant('k'),
    mode: fc.constantFrom('reject' as const, 'replace' as const, 'keepLast' as const),
    ttlMs: soon,
  }),
);

export const id = fc.constantFrom(...IDS);
export const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 3 });

const task: fc.Arbitrary<TaskPlan> = lean(
  fc.record({
    id,
    name: fc.constantFrom(...NAMES),
    due: sometimes(
      time.map((inMs) => ({ inMs })),
      3,
    ),
    priority: sometimes(fc.constantFrom(0, 4, 6, 9), 3),
    group: sometimes(fc.constantFrom(...GROUPS)),
    expiresInMs: sometimes(soon, 3),
    unique: sometimes(unique),
  }),
) as fc.Arbitrary<TaskPlan>;

export const batch = fc.uniqueArray(task, { selector: (one) => one.id, minLength: 1, maxLength: 4 });

export const rooms: fc.Arbitrary<Rooms> = fc.record({
  shared: fc.integer({ min: 0, max: 3 }),
  names: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...NAMES),
      free: fc.integer({ min: 0, max: 2 }),
      apart: fc.boolean(),
    }),
    { selector: ({ name }) => name, maxLength: 2 },
  ),
});

export const events: fc.Arbitrary<readonly TaskEventName[]> = fc.oneof(
  fc.constant(TASK_EVENTS),
  fc.subarray([...TASK_EVENTS], { maxLength: 3 }),
);
