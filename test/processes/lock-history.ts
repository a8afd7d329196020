import type { Disturbance, Mishap, Who } from '../model/cache-history.js';

/*
 * What processes that share locks do and see, as the ledger has it (lock-ledger.ts). All times are by `monotonic`, the clock
 * that all processes of a machine have in common.
 */

/** Somebody wanted a lock, or several together. */
export interface Attempt {
  readonly by: Who;
  readonly keys: readonly string[];
  /** 0: it was one try. */
  readonly waitMs: number;
  readonly begun: number;
  /** When all was well again: it has to get what it wants, whatever was before. */
  readonly last: boolean;
  /** `undefined`: it has not ended, or its process is dead. */
  ended: number | undefined;
  /** `granted`, or why not. */
  outcome: string | undefined;
}

/** A lock that a process had. */
export interface Grant {
  readonly by: Who;
  readonly key: string;
  readonly owner: string;
  readonly token: number;
  /** How many of the key's permits it takes, and how many may be out. */
  readonly permits: number;
  readonly limit: number;
  readonly ttlMs: number;
  readonly renews: boolean;
  /** When it was asked for, which is before it was granted. */
  readonly asked: number;
  /** When it certainly had it. */
  readonly granted: number;
  /** The last time it looked and was told that it has it still. So it had it all the time until then. */
  heldUntil: number;
  /** When it was told first that it has it no more, without having released it. */
  lostAt: number | undefined;
}

/** What a process did to the resource that the lock protects, in the order in which it came there. */
export interface Write {
  readonly by: Who;
  readonly key: string;
  readonly owner: string;
  readonly token: number;
  /** Alone, together with other readers, or as one of those who entered a semaphore. */
  readonly how: 'write' | 'read' | 'enter';
  readonly at: number;
  readonly admitted: boolean;
}

/** A claim as the server saw it. */
export interface Request {
  readonly key: string;
  readonly owner: string;
  /** How many came before. */
  readonly place: number;
  /** What it was granted with. */
  readonly token: number;
}

export interface Death {
  readonly by: Who;
  readonly at: number;
}

export interface History {
  readonly attempts: readonly Attempt[];
  readonly grants: readonly Grant[];
  readonly writes: readonly Write[];
  /** Of those who were granted what they wanted; empty when nobody looked over the server's shoulder. */
  readonly requests: readonly Request[];
  readonly deaths: readonly Death[];
  readonly mishaps: readonly Mishap[];
  readonly disturbances: readonly Disturbance[];
}
