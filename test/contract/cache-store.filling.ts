import { describe, expect, it } from '@jest/globals';
import type { CacheStore } from '../../lib/cache/cache.store.js';
import { eventually } from '../support/eventually.js';
import {
  claim,
  entry,
  entryAt,
  everywhere,
  HOUR,
  leaseOf,
  put,
  valueAt,
  type CacheScene,
} from './cache-store.scene.js';

/** What may happen to a key while its value is made, and what is there then. */
const OVERTAKERS: readonly (readonly [string, (store: CacheStore) => Promise<unknown>, unknown])[] = [
  ['set', (store) => put(store, 'k', 'set'), 'set'],
  ['deleted', (store) => store.delete(['k']), undefined],
  ['set and deleted', (store) => put(store, 'k', 'set').then(() => store.delete(['k'])), undefined],
  ['added to', (store) => store.increment('k', 7, HOUR), 7],
  ['deleted by a pattern', (store) => store.deleteMatching('[k]*'), undefined],
  ['deleted with others', (store) => store.delete(['j', 'k', 'l']), undefined],
];

export function fillingCases(scene: () => CacheScene): void {
  it('stores what was made, as by the time of the call', async () => {
    const { store, bench } = scene();
    const lease = await leaseOf(store, 'k');
    await scene().advance(5);

    expect(await lease.fill(entry('made', { freshMs: 1_000, graceMs: 500, tags: ['t'] }))).toBe(true);

    const now = bench.now();
    await everywhere(scene(), async (each) => {
      expect(await each.read('k')).toMatchObject({
        createdAt: now,
        freshUntil: now + 1_000,
        keptUntil: now + 1_500,
      });
    });
    await store.invalidateTags(['t']);
    await everywhere(scene(), async (each) => expect(await each.read('k')).toBeUndefined());
  });

  it('leaves the key free when nothing is stored', async () => {
    const { store, other } = scene();
    await (await leaseOf(store, 'k')).release();

    expect(await store.read('k')).toBeUndefined();
    await leaseOf(other, 'k');
  });

  it('stores a value with another version than that which it replaces', async () => {
    const { store } = scene();
    await put(store, 'k', 'same');
    const { version } = await entryAt(store, 'k');
    await (await leaseOf(store, 'k', { seen: version })).fill(entry('same'));

    expect((await entryAt(store, 'k')).version).not.toBe(version);
  });

  it('does not store what the next one makes when one was overtaken', async () => {
    const { store, other } = scene();
    const first = await leaseOf(store, 'k');
    await other.delete(['k']);
    const second = await leaseOf(other, 'k');

    expect(await first.fill(entry('first'))).toBe(false);
    expect(await store.read('k')).toBeUndefined();
    expect((await claim(store, 'k')).kind).toBe('taken');

    expect(await second.fill(entry('second'))).toBe(true);
    await eventually(async () => expect(await valueAt(store, 'k')).toBe('second'));
  });

  it('does not end what the next one makes when one that was overtaken fails or gives up', async () => {
    const { store, other } = scene();
    const [first, second] = [await leaseOf(store, 'a'), await leaseOf(store, 'b')];
    await other.delete(['a', 'b']);
    const [a, b] = [await leaseOf(other, 'a'), await leaseOf(other, 'b')];

    await first.fail('"no"', HOUR);
    await second.release();

    expect((await claim(store, 'a')).kind).toBe('taken');
    expect((await claim(store, 'b')).kind).toBe('taken');
    expect(await a.fill(entry('a'))).toBe(true);
    expect(await b.fill(entry('b'))).toBe(true);
  });

  describe.each(['this process', 'the other process'])('a key that %s has', (who) => {
    it.each(OVERTAKERS)('%s meanwhile', async (_, overtake, left) => {
      const { store, other } = scene();
      const lease = await leaseOf(store, 'k');

      await overtake(who === 'this process' ? store : other);

      expect(await lease.fill(entry('made'))).toBe(false);
      await eventually(async () => expect(await valueAt(store, 'k')).toBe(left));
      await eventually(async () => expect(await valueAt(other, 'k')).toBe(left));
    });

    it.each(OVERTAKERS.filter(([how]) => how !== 'added to'))(
      '%s meanwhile, which had a value',
      async (_, overtake, left) => {
        const { store, other } = scene();
        await put(store, 'k', 'old');
        const { version } = await entryAt(store, 'k');
        const lease = await leaseOf(store, 'k', { seen: version });

        await overtake(who === 'this process' ? store : other);

        expect(await lease.fill(entry('made'))).toBe(false);
        await eventually(async () => expect(await valueAt(store, 'k')).toBe(left));
        await eventually(async () => expect(await valueAt(other, 'k')).toBe(left));
      },
    );

    it('added to meanwhile, which had a number', async () => {
      const { store, other } = scene();
      await put(store, 'k', 1);
      const { version } = await entryAt(store, 'k');
      const lease = await leaseOf(store, 'k', { seen: version });

      await (who === 'this process' ? store : other).increment('k', 1, HOUR);

      expect(await lease.fill(entry(100))).toBe(false);
      await eventually(async () => expect(await valueAt(store, 'k')).toBe(2));
    });

    it('given an end meanwhile, which had no value or a stale one', async () => {
      const { store, other, bench } = scene();
      await put(store, 'stale', 'old', { freshMs: 1_000, graceMs: HOUR });
      await scene().advance(1_000);
      const { version } = await entryAt(store, 'stale');
      const leases = [await leaseOf(store, 'k'), await leaseOf(store, 'stale', { seen: version })];

      for (const key of ['k', 'stale']) {
        expect(await (who === 'this process' ? store : other).expire(key, HOUR)).toBe(false);
      }

      for (const lease of leases) expect(await lease.fill(entry('made'))).toBe(false);
      expect(await store.read('k')).toBeUndefined();
      expect((await entryAt(store, 'stale')).freshUntil).toBe(bench.now());
    });

    it.each([0, 2 * HOUR])('given another end (%s ms) meanwhile', async (freshMs) => {
      const { store, other, bench } = scene();
      await put(store, 'k', 'old', { graceMs: HOUR });
      const { version } = await entryAt(store, 'k');
      const lease = await leaseOf(store, 'k', { seen: version });

      await (who === 'this process' ? store : other).expire('k', freshMs);

      expect(await lease.fill(entry('made'))).toBe(false);
      await eventually(async () => {
        expect((await entryAt(store, 'k')).freshUntil).toBe(bench.now() + freshMs);
      });
      expect(await valueAt(store, 'k')).toBe('old');
    });
  });

  it('stores a value although other keys have changed meanwhile', async () => {
    const { store, other } = scene();
    const lease = await leaseOf(store, 'k', { tags: ['t'] });
    await put(other, 'k2', 'set');
    await store.delete(['j', 'K', 'k ']);
    await other.deleteMatching('k?');
    await store.increment('kk', 1, HOUR);
    await other.invalidateTags(['other', 'T']);
    await other.namespace('k').invalidate();
    await put(other.namespace('k'), 'k', 'set');
    await store.namespace('k').delete(['k']);

    expect(await lease.fill(entry('made', { tags: ['t'] }))).toBe(true);
    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe('made'));
  });
}
