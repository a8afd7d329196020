import { redisCacheFaults } from './cache-redis.faults.mjs';
import { cacheServiceFaults } from './cache-service.faults.mjs';
import { embeddedCacheFaults } from './embedded-cache.faults.mjs';
import { embeddedFaults } from './embedded.faults.mjs';
import { lockServiceFaults } from './lock-service.faults.mjs';
import { lockQuorumFaults } from './lock-quorum.faults.mjs';
import { lockFaults } from './locks.faults.mjs';
import { lockedFaults } from './locked.faults.mjs';
import { redisFaults } from './redis.faults.mjs';

/**
 * Deliberate faults, each in one place of an engine. `search` occurs exactly once in `file`. The suite of that engine has
 * to fail with each of them, or the rule is one that nothing checks.
 *
 * @typedef {{ rule: string, file: string, search: string, replace: string, suite?: string }} Fault
 */

/** @type {Fault[]} */
export const faults = [
  ...redisFaults,
  ...embeddedFaults,
  ...embeddedCacheFaults,
  ...redisCacheFaults,
  ...cacheServiceFaults,
  ...lockFaults,
  ...lockServiceFaults,
  ...lockQuorumFaults,
  ...lockedFaults,
];

/** Those that `--short` tries. */
export const SHORT = [
  'A1: a consumer that is no more can not acknowledge',
  'A10: the blocked one takes its place',
  'limits: no more in hand than the limit (embedded)',
  'B8: a cancelled task does not come back (embedded)',
];
