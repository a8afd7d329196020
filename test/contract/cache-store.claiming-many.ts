import { expect, it } from '@jest/globals';
import type { Claim, ClaimRequest } from '../../lib/cache/cache.store.js';
import { entry, HOUR, keyed, leaseOf, takenOf, valuesAt, type CacheScene } from './cache-store.scene.js';

const MINUTE = 60_000;
const names = (kind: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${kind}${n}`);

/** Claims of many keys at once, for one purpose. */
function requests(keys: readonly string[], tags: readonly string[] = []): readonly ClaimRequest[] {
  return keys.map((key) => ({ key, tags, lateTags: false, seen: undefined, waitedFor: undefined }));
}

const said = (claims: readonly Claim[]): unknown[] =>
  claims.map((claim) => (claim.kind === 'found' ? claim.entry.value.copy() : claim.kind));

export function claimingManyCases(scene: () => CacheScene): void {
  it('answers each by itself: there, stale, not there, taken, failed, invalidated', async () => {
    const { store, other } = scene();
    const [fresh, stale, taken, failed, gone, missing] = [
      names('fresh', 9),
      names('stale', 3),
      names('taken', 2),
      names('failed', 2),
      names('gone', 2),
      names('missing', 4),
    ];
    await other.write([
      ...stale.map((key) => keyed(key, `old ${key}`, { freshMs: MINUTE, graceMs: HOUR })),
      ...gone.map((key) => keyed(key, 'gone', { tags: ['t'] })),
    ]);
    await scene().advance(MINUTE);
    await other.invalidateTags(['t']);
    await other.write(fresh.map((key, at) => keyed(key, at, { tags: at % 2 === 0 ? [] : ['u'] })));
    for (const key of taken) await leaseOf(other, key);
    for (const key of failed) await (await leaseOf(other, key)).fail('"why"', HOUR);
    const keys = [...fresh, ...stale, ...missing, ...taken, ...failed, ...gone];

    expect(said(await store.claim(requests(keys)))).toEqual([
      ...fresh.map((_, at) => at),
      ...stale.map((key) => `old ${key}`),
      ...missing.map(() => 'granted'),
      ...taken.map(() => 'taken'),
      ...failed.map(() => 'failed'),
      ...gone.map(() => 'granted'),
    ]);
  });

  it('grants leases that land, and keep others out until then', async () => {
    const { store, other } = scene();
    const keys = names('k', 2_500);
    const claims = await store.claim(requests(keys, ['t']));
    await takenOf(other, 'k7', { tags: ['t'] });

    const filled = claims.map(async (claim, at) =>
      claim.kind === 'granted' ? claim.lease.fill(entry(at, { tags: ['t'] })) : false,
    );
    expect(new Set(await Promise.all(filled))).toEqual(new Set([true]));
    expect(await valuesAt(store, keys)).toEqual(keys.map((_, at) => at));
    await other.invalidateTags(['t']);
    expect(said(await other.claim(requests(keys, ['t'])))).toEqual(keys.map(() => 'granted'));
  });

  it.each(['write', 'delete', 'invalidate', 'invalidateTags'] as const)(
    'grants leases that do not land after %s by another process',
    async (change) => {
      const { store, other } = scene();
      const keys = names('k', 10);
      const claims = await store.claim(requests(keys, ['t']));
      if (change === 'write') await other.write(keys.map((key) => keyed(key, 'theirs')));
      else if (change === 'delete') await other.delete(keys);
      else if (change === 'invalidate') await other.invalidate();
      else await other.invalidateTags(['t']);

      const landed = claims.map(async (claim) =>
        claim.kind === 'granted' ? claim.lease.fill(entry('mine', { tags: ['t'] })) : true,
      );
      expect(new Set(await Promise.all(landed))).toEqual(new Set([false]));
      const left = change === 'write' ? 'theirs' : undefined;
      expect(await valuesAt(other, keys)).toEqual(keys.map(() => left));
    },
  );
}
