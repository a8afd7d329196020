import fc from 'fast-check';
import { ALL_PERMITS } from '../../lib/lock/lock.store.js';

export const PROCESSES = 3;
export const KEYS = 2;

/** Times that fall together often, and sometimes just not: with ttls, and with hand-overs. */
const TTLS = [500, 2_000, 2_999, 3_000, 3_001, 10_000] as const;
const PAUSES = [1, 499, 500, 500, 1_500, 2_999, 3_000, 3_000, 3_000, 3_001, 10_000] as const;

/** Somebody who wants a lock, now and then. */
export interface OwnerPlan {
  readonly key: number;
  readonly process: number;
  readonly ttlMs: number;
  readonly permits: number;
  readonly limit: number;
}

const share = fc.constantFrom(
  ...[
    [ALL_PERMITS, ALL_PERMITS],
    [ALL_PERMITS, ALL_PERMITS],
    [1, ALL_PERMITS],
    [1, ALL_PERMITS],
    [1, 3],
    [2, 3],
    [3, 3],
    [1, 2],
    [1, 1],
  ].map(([permits = 1, limit = 1]) => ({ permits, limit })),
);

/** The first ones more often than others: queues that few stand in are dull. */
const process = fc.constantFrom(0, 0, 0, 1, 1, PROCESSES - 1);
const key = fc.constantFrom(0, 0, 0, ...Array.from({ length: KEYS }, (_, at) => at));

const owner: fc.Arbitrary<OwnerPlan> = fc
  .record({ key, process, ttlMs: fc.constantFrom(...TTLS), share })
  .map(({ share: { permits, limit }, ...rest }) => ({ ...rest, permits, limit }));

export const owners = fc.array(owner, { minLength: 5, maxLength: 10, size: 'max' });

const DEEDS = {
  acquire: 12,
  try: 2,
  release: 6,
  extend: 3,
  raise: 1,
  look: 2,
  force: 1,
  pass: 8,
  'set back': 1,
  deafen: 1,
  hear: 2,
  evict: 1,
};
type Deed = keyof typeof DEEDS;

const deed = fc.oneof(
  ...Object.entries(DEEDS).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name as Deed) })),
);

/** What happens, as far as its kind has a use for it. */
export const step = fc.record({
  kind: deed,
  who: fc.nat(9),
  key,
  process,
  ttlMs: fc.constantFrom(...TTLS),
  ms: fc.constantFrom(...PAUSES),
  /** Everything is compared afterwards. Not always: to look is to take the lock from whose time is over. */
  looks: fc.boolean(),
});

export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
