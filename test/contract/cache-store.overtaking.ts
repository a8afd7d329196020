import { describe, expect, it } from '@jest/globals';
import type { CacheStore, ClaimRequest } from '../../lib/cache/cache.store.js';
import { eventually } from '../support/eventually.js';
import {
  entry,
  everywhere,
  everywhereElse,
  leaseOf,
  put,
  valueAt,
  valuesAt,
  type CacheScene,
} from './cache-store.scene.js';

/** What is invalidated while a value is made, of which key, claimed and stored with which tags. */
interface Crossing {
  readonly what: string;
  readonly invalidate: (cache: CacheStore) => Promise<void>;
  readonly namespaces?: readonly string[];
  readonly claimed?: Partial<ClaimRequest>;
  readonly tags?: readonly string[];
}

const CROSSINGS: readonly Crossing[] = [
  { what: 'the cache', invalidate: (cache) => cache.invalidate() },
  {
    what: 'the namespace',
    invalidate: (cache) => cache.namespace('a').invalidate(),
    namespaces: ['a'],
  },
  {
    what: 'the namespace outside',
    invalidate: (cache) => cache.namespace('a').invalidate(),
    namespaces: ['a', 'b'],
  },
  { what: 'the cache around a namespace', invalidate: (cache) => cache.invalidate(), namespaces: ['a', 'b'] },
  {
    what: 'a tag that was known',
    invalidate: (cache) => cache.invalidateTags(['t']),
    claimed: { tags: ['s', 't'] },
    tags: ['s', 't'],
  },
  {
    what: 'a tag that is known late',
    invalidate: (cache) => cache.invalidateTags(['t']),
    claimed: { tags: ['s'], lateTags: true },
    tags: ['s', 't'],
  },
  {
    what: 'a tag, whichever, when tags are known late',
    invalidate: (cache) => cache.invalidateTags(['another']),
    claimed: { lateTags: true },
    tags: ['t'],
  },
  {
    what: 'a tag, in a namespace',
    invalidate: (cache) => cache.namespace('z').invalidateTags(['t']),
    namespaces: ['a'],
    claimed: { tags: ['t'] },
    tags: ['t'],
  },
];

export function overtakingCases(scene: () => CacheScene): void {
  describe.each(CROSSINGS)('$what', ({ invalidate, namespaces = [], claimed = {}, tags = [] }) => {
    it('lets no fill land that this process has begun before', async () => {
      const space = scene().within(...namespaces);
      const lease = await leaseOf(space.store, 'k', claimed);

      await invalidate(scene().store);

      expect(await lease.fill(entry('made', { tags }))).toBe(false);
      await everywhere(space, async (each) => expect(await each.read('k')).toBeUndefined());
      await (await leaseOf(space.store, 'k', claimed)).release();
    });

    it('lets nobody read what a fill brings that another process has begun before', async () => {
      const space = scene().within(...namespaces);
      const lease = await leaseOf(space.store, 'k', claimed);

      await invalidate(scene().other);
      await lease.fill(entry('made', { tags }));

      await everywhereElse(space, async (each) =>
        eventually(async () => expect(await each.read('k')).toBeUndefined()),
      );
      expect(await space.other.read('k')).toBeUndefined();
    });

    it('lets fills land that were begun after it', async () => {
      const space = scene().within(...namespaces);
      await put(space.store, 'k', 'old', { tags });
      await invalidate(scene().store);
      const seen = (await space.store.read('k'))?.version;
      const lease = await leaseOf(space.store, 'k', { ...claimed, seen });

      expect(await lease.fill(entry('made', { tags }))).toBe(true);
      await everywhere(space, async (each) => expect(await valueAt(each, 'k')).toBe('made'));
    });
  });

  it('lets a fill land when only tags were invalidated that it has not', async () => {
    const { store, other } = scene();
    const [plain, tagged] = [await leaseOf(store, 'a'), await leaseOf(store, 'b', { tags: ['t'] })];
    await store.invalidateTags(['u']);
    await other.invalidateTags(['v']);

    expect(await plain.fill(entry('a'))).toBe(true);
    expect(await tagged.fill(entry('b', { tags: ['t'] }))).toBe(true);
    await everywhere(scene(), async (each) => expect(await valuesAt(each, ['a', 'b'])).toEqual(['a', 'b']));
  });
}
