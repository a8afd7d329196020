import { afterEach, beforeEach, describe } from '@jest/globals';
import { crossingCases } from './lock-store.crossing.js';
import { expiryCases, extendingCases } from './lock-store.expiring.js';
import { grantingCases } from './lock-store.granting.js';
import { handingOverCases } from './lock-store.handing-over.js';
import { forcingCases, inspectingCases } from './lock-store.inspecting.js';
import { releasingCases } from './lock-store.releasing.js';
import { LockScene, type LockBench } from './lock-store.scene.js';
import { readingCases, semaphoreCases } from './lock-store.sharing.js';
import { tokenCases } from './lock-store.tokens.js';
import { waitingCases } from './lock-store.waiting.js';

/** What every engine has to do for locks, as `lib/lock/lock.store.ts` has it: every rule is one case. */
export function describeLockStore(name: string, open: () => Promise<LockBench>): void {
  describe(`lock store, ${name}`, () => {
    let scene: LockScene;
    beforeEach(async () => void (scene = new LockScene(await open())));
    afterEach(() => scene.bench.close());
    const current = (): LockScene => scene;

    describe('granting', () => grantingCases(current));
    describe('tokens', () => tokenCases(current));
    describe('expiry', () => expiryCases(current));
    describe('extending', () => extendingCases(current));
    describe('an owner whose time was over', () => crossingCases(current));
    describe('releasing', () => releasingCases(current));
    describe('waiting', () => waitingCases(current));
    describe('handing over', () => handingOverCases(current));
    describe('readers and writers', () => readingCases(current));
    describe('semaphores', () => semaphoreCases(current));
    describe('inspecting', () => inspectingCases(current));
    describe('forcing', () => forcingCases(current));
  });
}
