import { DepotConfigError } from '../../common/errors.js';
import { ALL_PERMITS, type LockClaim } from '../lock.store.js';

export interface QuorumSettings {
  /** By what share the clocks of processes and servers may run differently, 0 to 0.5. */
  readonly drift: number;
  /** A server that gives no answer for so long counts as away, for this one question. */
  readonly timeoutMs: number;
}

/** A server counts whole milliseconds, and may have begun the present one long ago; so may the process. */
const ROUNDING_MS = 2;

/** Any two majorities have a server in common. */
export const majorityOf = (servers: number): number => Math.floor(servers / 2) + 1;

/**
 * What a server is asked for, so that the lock outlasts `ttlMs` by the clock of the process however the clocks run. Whoever
 * holds the lock counts `ttlMs` from before he asked, so the allowance is the servers' and never his.
 */
export function ttlOnServers(ttlMs: number, drift: number): number {
  return Math.ceil(ttlMs * (1 + drift)) + ROUNDING_MS;
}

/** The claim as servers are asked it. */
export const claimOnServers = (claim: LockClaim, drift: number): LockClaim => ({
  ...claim,
  ttlMs: ttlOnServers(claim.ttlMs, drift),
});

/**
 * What excludes each other in pairs is sound over majorities: a writer and whoever else has the lock have a server in common,
 * and that one would have refused the second of them. Readers exclude no reader, so it does not matter how many of them a server
 * sees. A semaphore excludes by number and not by pair: of two permits over three servers, three holders can have a majority
 * each, and no server sees more than two of them.
 *
 * @throws DepotConfigError
 */
export function checkShare({ key, permits, limit }: LockClaim): void {
  if (limit === ALL_PERMITS && (permits === 1 || permits === ALL_PERMITS)) return;
  throw new DepotConfigError(
    `Lock ${key} is to have ${limit} permits, but majorities of servers can't count them: use it without permits, or an application without locks.quorum`,
  );
}
