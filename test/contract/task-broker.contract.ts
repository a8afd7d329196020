import { afterEach, beforeEach, describe } from '@jest/globals';
import { addingCases } from './task-broker.adding.js';
import { crashingCases } from './task-broker.crashing.js';
import type { EngineUnderTest } from './task-broker.engine.js';
import { Fleet } from './task-broker.fleet.js';
import { joiningCases, leaseCases, leavingCases, silenceCases } from './task-broker.leases.js';
import { acknowledgingCases, claimingCases } from './task-broker.stepping.js';

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
    describe('a lease', () => leaseCases(current));
    describe('a silence, or a clock that jumps', () => silenceCases(current));
    describe('joining again', () => joiningCases(current));
    describe('leaving', () => leavingCases(current));
    describe('a crash', () => crashingCases(current));
  });
}
