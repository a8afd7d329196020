import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import { claimingCases, waitingCases } from './cache-store.claiming.js';
import { claimingManyCases } from './cache-store.claiming-many.js';
import { countingCases } from './cache-store.counting.js';
import { entryCases } from './cache-store.entries.js';
import { expireCases, expiryCases } from './cache-store.expiring.js';
import { failingCases } from './cache-store.failing.js';
import { fillingCases } from './cache-store.filling.js';
import { historyCases } from './cache-store.histories.js';
import { invalidatingCases, tagCases } from './cache-store.invalidating.js';
import { matchingCases } from './cache-store.matching.js';
import { boundCases, hearingCases, peekingCases } from './cache-store.memory.js';
import { namingCases } from './cache-store.naming.js';
import { overtakingCases } from './cache-store.overtaking.js';
import { CacheScene, type CacheBench } from './cache-store.scene.js';

/** What every engine has to do for a cache, as `lib/cache/cache.store.ts` has it. */
export function describeCacheStore(
  kind: CacheBench['kind'],
  open: () => Promise<CacheBench>,
  title: string = kind,
): void {
  describe(`the cache store, ${title}`, () => {
    let bench: CacheBench;
    let scene: CacheScene;
    let caches = 0;
    beforeAll(async () => (bench = await open()));
    beforeEach(() => void (scene = new CacheScene(bench, `cache-${++caches}`)));
    afterAll(() => bench.close());
    const current = (): CacheScene => scene;

    describe('entries', () => entryCases(current));
    describe('expiry', () => expiryCases(current));
    describe('another end', () => expireCases(current));
    describe('adding to a number', () => countingCases(current));
    describe('claiming', () => claimingCases(current));
    describe('claiming many', () => claimingManyCases(current));
    describe('waiting', () => waitingCases(current));
    describe('a failure', () => failingCases(current));
    describe('filling', () => fillingCases(current));
    describe('tags', () => tagCases(current));
    describe('invalidating', () => invalidatingCases(current));
    describe('invalidating meanwhile', () => overtakingCases(current));
    describe('a pattern', () => matchingCases(current));
    describe('names', () => namingCases(current));
    describe('histories', () => historyCases(() => bench, kind === 'embedded' ? 200 : 20));
    if (kind !== 'redis') {
      describe('what is known without asking', () => peekingCases(current));
      describe('bounds of the memory', () => boundCases(current));
    }
    if (kind !== 'embedded') describe('hearing of changes', () => hearingCases(current));
  });
}
