import { ALL_PERMITS, type LockHolder as Holder, type LockState } from './lock.store.js';

/** One who has a lock. */
export interface LockHolder {
  /** As `Lock.owner` says. */
  readonly owner: string;
  readonly fencingToken: number;
  /** How many of the key's permits it takes: `Infinity` when it is held alone. */
  readonly permits: number;
  /** When it was granted. */
  readonly since: Date;
  /** When it ends if nobody renews it. */
  readonly until: Date;
}

/** What is known of a lock that somebody has: of its holder, or of the first one if it has several. */
export interface LockInspection extends LockHolder {
  readonly key: string;
  /** All of them, the first one first. */
  readonly holders: readonly LockHolder[];
  /** How many wait for it. */
  readonly waiters: number;
}

/** `null` when nobody has it. */
export function inspection(key: string, { holders, waiters }: LockState): LockInspection | null {
  const shown = holders.map(holder);
  const [first] = shown;
  return first ? { key, ...first, holders: shown, waiters } : null;
}

function holder({ owner, token, permits, since, until }: Holder): LockHolder {
  return {
    owner,
    fencingToken: token,
    permits: permits === ALL_PERMITS ? Number.POSITIVE_INFINITY : permits,
    since: new Date(since),
    until: new Date(until),
  };
}
