import { afterAll, beforeAll, describe } from '@jest/globals';
import { cancellingCases } from './cancelling.cases.js';
import { eventsCases } from './events.cases.js';
import { Fleet } from './fleet.js';
import { killingCases } from './killing.cases.js';
import { limitsCases } from './limits.cases.js';

/** What only appears when several processes share a queue: real ones, that write what they do into one ledger. */
describe('processes that share a queue', () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start();
  });

  afterAll(() => fleet.stop());

  for (const cases of [cancellingCases, limitsCases, eventsCases, killingCases]) cases(() => fleet);
});
