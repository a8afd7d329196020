import { expect, it } from '@jest/globals';
import { EngineReplyError } from '../../lib/common/errors.js';
import {
  entryAt,
  everywhere,
  everywhereElse,
  HOUR,
  leaseOf,
  entry,
  put,
  valueAt,
  type CacheScene,
} from './cache-store.scene.js';

const MINUTE = 60_000;

export function countingCases(scene: () => CacheScene): void {
  it('begins with 0 where there is nothing, and stores the sum as a number', async () => {
    const { store, bench } = scene();

    expect(await store.increment('k', 5, HOUR)).toBe(5);
    expect(await store.increment('j', -2, HOUR)).toBe(-2);
    expect(await store.increment('i', 0, HOUR)).toBe(0);

    await everywhere(scene(), async (each) => {
      expect(await valueAt(each, 'k')).toBe(5);
      expect(await valueAt(each, 'j')).toBe(-2);
      expect(await valueAt(each, 'i')).toBe(0);
    });
    const now = bench.now();
    expect(await store.read('k')).toMatchObject({ createdAt: now, freshUntil: now + HOUR });
    expect((await entryAt(store, 'k')).keptUntil).toBe(now + HOUR);
  });

  it('adds to what is stored, whoever has stored it', async () => {
    const { store, other } = scene();
    await put(store, 'k', 40);
    await entryAt(other, 'k');

    expect(await other.increment('k', 1, HOUR)).toBe(41);
    expect(await store.increment('k', 1, HOUR)).toBe(42);
    expect(await store.increment('k', -50, HOUR)).toBe(-8);
    await put(other, 'k', 1);
    expect(await store.increment('k', 1, HOUR)).toBe(2);

    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe(2));
  });

  it('loses none of many that are added at once', async () => {
    const { store, other } = scene();
    const sums = await Promise.all(
      Array.from({ length: 300 }, (_, at) => (at % 3 === 0 ? other : store).increment('k', 1, HOUR)),
    );

    expect([...sums].sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
    expect(await valueAt(store, 'k')).toBe(300);
  });

  it('keeps the end, the grace and the tags of what is added to', async () => {
    const { store } = scene();
    await put(store, 'k', 1, { freshMs: HOUR, graceMs: MINUTE, tags: ['t'] });
    await put(store, 'j', 1, { freshMs: Number.POSITIVE_INFINITY });
    const { freshUntil, keptUntil, version } = await entryAt(store, 'k');
    await scene().advance(MINUTE);

    await store.increment('k', 1, 5 * HOUR);
    await store.increment('j', 1, MINUTE);

    expect(await store.read('k')).toMatchObject({ freshUntil, keptUntil });
    expect((await entryAt(store, 'k')).version).not.toBe(version);
    expect(await store.read('j')).toMatchObject({ freshUntil: Number.POSITIVE_INFINITY });
    await store.invalidateTags(['t']);
    await everywhere(scene(), async (each) => expect(await each.read('k')).toBeUndefined());
  });

  it('begins anew when the number is stale, expired or invalidated', async () => {
    const { store, bench } = scene();
    await put(store, 'stale', 10, { freshMs: MINUTE, graceMs: HOUR });
    await put(store, 'over', 10, { freshMs: MINUTE });
    await put(store, 'tagged', 10, { tags: ['t'] });
    await scene().advance(MINUTE);
    await store.invalidateTags(['t']);

    for (const key of ['stale', 'over', 'tagged']) expect(await store.increment(key, 1, HOUR)).toBe(1);

    const freshUntil = bench.now() + HOUR;
    await everywhere(scene(), async (each) => {
      expect(await each.read('stale')).toMatchObject({ freshUntil, keptUntil: freshUntil });
      expect(await each.read('tagged')).toMatchObject({ freshUntil });
    });
    // What was of the old number is not of the new one.
    await store.invalidateTags(['t']);
    expect(await store.increment('tagged', 1, HOUR)).toBe(2);
  });

  it.each([
    ['text', 'abc'],
    ['text that looks like a number', '12'],
    ['null', null],
    ['a truth value', true],
    ['an object', { n: 1 }],
    ['a list', [1]],
    ['a date', new Date(0)],
    ['a big integer', 12n],
    ['what is not a number', Number.NaN],
    ['what has no end', Number.POSITIVE_INFINITY],
  ])('adds nothing to %s, which stays', async (_, value) => {
    const { store, other } = scene();
    await put(store, 'k', value);
    const { version } = await entryAt(store, 'k');
    const lease = await leaseOf(store, 'k', { seen: version });

    await expect(store.increment('k', 1, HOUR)).rejects.toThrow(EngineReplyError);
    await expect(other.increment('k', 0, HOUR)).rejects.toThrow(EngineReplyError);

    expect(await store.read('k')).toMatchObject({ version });
    expect(await valueAt(store, 'k')).toEqual(value);
    expect(await lease.fill(entry('new'))).toBe(true);
  });

  it('refuses a sum that would not be exact, and keeps the number', async () => {
    const { store } = scene();
    const most = Number.MAX_SAFE_INTEGER;
    await put(store, 'k', most - 1);
    expect(await store.increment('k', 1, HOUR)).toBe(most);
    expect(await valueAt(store, 'k')).toBe(most);

    await expect(store.increment('k', 1, HOUR)).rejects.toThrow(EngineReplyError);
    await expect(store.increment('k', most, HOUR)).rejects.toThrow(EngineReplyError);

    expect(await store.increment('k', -most, HOUR)).toBe(0);
    expect(await store.increment('k', -most, HOUR)).toBe(-most);
    await expect(store.increment('k', -1, HOUR)).rejects.toThrow(EngineReplyError);
    expect(await valueAt(store, 'k')).toBe(-most);
  });

  it('is seen by whoever has read the number before', async () => {
    const { store, other } = scene();
    await store.increment('k', 1, HOUR);
    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe(1));
    await other.increment('k', 1, HOUR);

    await everywhereElse(scene(), async (each) => expect(await valueAt(each, 'k')).toBe(2));
  });
}
