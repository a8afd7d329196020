import fc from 'fast-check';
import { ALL_PERMITS } from '../../lib/lock/lock.store.js';

export const PROCESSES = 3;
export const KEYS = 2;

/** Times that fall together often, and sometimes just not: with ttls, and with hand-overs. */
const TTLS = [500, 2_000, 2_999, 3_000, 3_001, 10_000] as const;
const PAUSES = [0, 1, 499, 500, 1_500, 2_999, 3_000, 3_001, 10_000] as const;

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

const owner: fc.Arbitrary<OwnerPlan> = fc
  .record({ key: fc.nat(KEYS - 1), process: fc.nat(PROCESSES - 1), ttlMs: fc.constantFrom(...TTLS), share })
  .map(({ share: { permits, limit }, ...rest }) => ({ ...rest, permits, limit }));

export const owners = fc.array(owner, { minLength: 2, maxLength: 8, size: 'max' });

const DEEDS = [
  ...['acquire', 'acquire', 'acquire', 'acquire', 'release', 'release', 'release', 'extend', 'try'],
  ...['pass', 'pass', 'raise', 'look', 'force', 'set back', 'deafen', 'hear', 'evict'],
] as const;

/** What happens, as far as its kind has a use for it. */
export const step = fc.record({
  kind: fc.constantFrom(...DEEDS),
  who: fc.nat(7),
  key: fc.nat(KEYS - 1),
  process: fc.nat(PROCESSES - 1),
  ttlMs: fc.constantFrom(...TTLS),
  ms: fc.constantFrom(...PAUSES),
  /** Everything is compared afterwards. Not always: to look is to take the lock from whose time is over. */
  looks: fc.boolean(),
});

export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
