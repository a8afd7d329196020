import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from '@jest/globals';
import { addingCases } from './task-broker.adding.js';
import { backlogCases } from './task-broker.backlog.js';
import { busyCases, loneCases } from './task-broker.busy.js';
import { cancellingCases } from './task-broker.cancelling.js';
import { crashingCases } from './task-broker.crashing.js';
import { crossingCases } from './task-broker.crossings.js';
import { debouncingCases } from './task-broker.debouncing.js';
import type { EngineUnderTest, TestProcess } from './task-broker.engine.js';
import { eventCases } from './task-broker.eventing.js';
import { expiringCases } from './task-broker.expiring.js';
import { Fleet } from './task-broker.fleet.js';
import { ghostCases } from './task-broker.ghosts.js';
import { groupConcurrencyCases } from './task-broker.group-limits.js';
import { groupRateCases } from './task-broker.group-rates.js';
import { groupCases } from './task-broker.groups.js';
import { History } from './task-broker.histories.js';
import { joiningCases, leavingCases } from './task-broker.joining.js';
import { keepingLastCases } from './task-broker.keeping-last.js';
import { keepingCases, parkingCases } from './task-broker.keeping.js';
import { leaseCases, silenceCases } from './task-broker.leases.js';
import { listingCases } from './task-broker.listing.js';
import { changingLimitsCases, concurrencyCases } from './task-broker.limits.js';
import { lookingCases } from './task-broker.looking.js';
import { pausingCases, pausingNameCases } from './task-broker.pausing.js';
import { priorityCases, weightCases } from './task-broker.priorities.js';
import { rateCases } from './task-broker.rates.js';
import { notingCases, readingCases, removingCases, waitingForAnEndCases } from './task-broker.recording.js';
import { keptResultCases, retentionCases } from './task-broker.retention.js';
import { historyCases, retryingCases } from './task-broker.retrying.js';
import { quietCases, restingCases } from './task-broker.resting.js';
import { roomCases } from './task-broker.rooms.js';
import { cleaningCases, obliteratingCases, promotingCases } from './task-broker.steering.js';
import { storedEventCases } from './task-broker.stored-events.js';
import { acknowledgingCases, claimingCases } from './task-broker.stepping.js';
import { uniqueCases } from './task-broker.unique.js';

/** What every engine has to do for tasks. After each case the store is checked, too: see `Fleet.check`. */
export function describeTaskBroker(engine: string, open: () => Promise<EngineUnderTest>): void {
  describe(`the task broker of the ${engine} engine`, () => {
    let fleet: Fleet;
    beforeEach(async () => (fleet = new Fleet(await open())));
    afterEach(() => fleet.close());
    const current = (): Fleet => fleet;

    describe('adding', () => addingCases(current));
    describe('acknowledging', () => acknowledgingCases(current));
    describe('claiming and handing over', () => claimingCases(current));
    describe('a consumer that is always busy', () => busyCases(current));
    describe('a lone task', () => loneCases(current));
    describe('a lease', () => leaseCases(current));
    describe('a silence, or a clock that jumps', () => silenceCases(current));
    describe('joining again', () => joiningCases(current));
    describe('leaving', () => leavingCases(current));
    describe('a crash', () => crashingCases(current));
    describe('looking again', () => lookingCases(current));
    describe('nothing to do', () => quietCases(current));
    describe('resting', () => restingCases(current));
    describe('waiting for an end', () => waitingForAnEndCases(current));
    describe('notes', () => notingCases(current));
    describe('keeping', () => keepingCases(current));
    describe('parking', () => parkingCases(current));
    describe('removing', () => removingCases(current));
    describe('reading', () => readingCases(current));
    describe('priorities', () => priorityCases(current));
    describe('weights', () => weightCases(current));
    describe('groups', () => groupCases(current));
    describe('a limit of tasks in hand', () => concurrencyCases(current));
    describe('a rate', () => rateCases(current));
    describe('limits that change', () => changingLimitsCases(current));
    describe('a limit of tasks of a group in hand', () => groupConcurrencyCases(current));
    describe('a rate of a group', () => groupRateCases(current));
    describe('rooms', () => roomCases(current));
    describe('a paused queue', () => pausingCases(current));
    describe('a paused name', () => pausingNameCases(current));
    describe('a unique key', () => uniqueCases(current));
    describe('debouncing', () => debouncingCases(current));
    describe('keeping the last', () => keepingLastCases(current));
    describe('expiry', () => expiringCases(current));
    describe('cancelling', () => cancellingCases(current));
    describe('beginning anew', () => retryingCases(current));
    describe('history', () => historyCases(current));
    describe('retention', () => retentionCases(current));
    describe('a result that is kept', () => keptResultCases(current));
    describe('promoting', () => promotingCases(current));
    describe('cleaning', () => cleaningCases(current));
    describe('obliterating', () => obliteratingCases(current));
    describe('listing', () => listingCases(current));
    describe('a backlog', () => backlogCases(current));
    describe('events', () => eventCases(current));
    describe('stored events', () => storedEventCases(current));
    describe('what was taken out of the middle', () => ghostCases(current));
    describe('crossings', () => crossingCases(current));
  });
}

const PER_CASE = 25;

/** The same in random histories. A failure names its seed, which always gives the same history. */
export function describeHistories(
  engine: string,
  open: () => Promise<EngineUnderTest>,
  histories: number,
): void {
  describe(`the task broker of the ${engine} engine`, () => {
    let underTest: EngineUnderTest;
    const processes = new Map<number, TestProcess>();
    const processOf = async (index: number): Promise<TestProcess> => {
      let process = processes.get(index);
      if (!process) {
        process = await underTest.process();
        await process.broker.listen();
        processes.set(index, process);
      }
      return process;
    };
    beforeAll(async () => (underTest = await open()));
    afterAll(() => underTest.close());

    for (let from = 0; from < histories; from += PER_CASE) {
      it(`loses nothing in random histories ${from} to ${from + PER_CASE - 1}`, async () => {
        for (let seed = from; seed < from + PER_CASE; seed++) {
          await new History(underTest, processOf, seed).run();
        }
      });
    }
  });
}
