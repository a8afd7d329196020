import type { Who } from '../model/cache-history.js';
import type { Ports } from './cache-client.js';

/* What a process with locks is told and asked (lock-node.app.ts). */

export interface LockNodeSettings {
  readonly who: Who;
  /** Where its ways to Redis begin, which may be broken. */
  readonly ports: Ports;
  /** Where the ledger is. */
  readonly ledger: number;
}

export interface Wandering {
  readonly namespace: string;
  readonly seed: number;
  /** By `monotonic`. */
  readonly until: number;
  readonly isStormy: boolean;
}

export interface Holding {
  readonly namespace: string;
  readonly key: string;
  readonly ttl: number;
}

/** A write of somebody who looked, found that the lock was held, and wrote. */
export interface Written {
  /** What it found just before, and what it would have found just after. */
  readonly held: boolean;
  readonly heldAfter: boolean;
  readonly admitted: boolean;
}
