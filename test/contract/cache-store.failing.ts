import { expect, it } from '@jest/globals';
import type { CacheStore } from '../../lib/cache/cache.store.js';
import { eventually } from '../support/eventually.js';
import {
  claim,
  entry,
  entryAt,
  HOUR,
  leaseOf,
  put,
  takenOf,
  valueAt,
  type CacheScene,
} from './cache-store.scene.js';

const MINUTE = 60_000;

export function failingCases(scene: () => CacheScene): void {
  it('tells of a failure those who have waited, and no one who asks later', async () => {
    const { store, other } = scene();
    const lease = await leaseOf(store, 'k');
    const { holder } = await takenOf(other, 'k');
    await lease.fail('"no"', 0);

    for (const waiter of [other, store, other]) {
      expect(await claim(waiter, 'k', { waitedFor: holder })).toEqual({ kind: 'failed', error: '"no"' });
    }
    await leaseOf(other, 'k');
  });

  it('tells those who have waited for somebody else nothing', async () => {
    const { store } = scene();
    const first = await leaseOf(store, 'k');
    const { holder } = await takenOf(store, 'k');
    await first.release();
    const second = await leaseOf(store, 'k', { waitedFor: holder });
    expect((await takenOf(store, 'k')).holder).not.toBe(holder);
    await second.fail('"no"', 0);

    await leaseOf(store, 'k', { waitedFor: holder });
  });

  it('tells everybody of it for as long as is said, and grants the key then', async () => {
    const { store, other } = scene();
    const text = JSON.stringify({ message: 'naïve ключ 🔑', of: 'x'.repeat(10_000) });
    await (await leaseOf(store, 'k')).fail(text, HOUR);
    await scene().advance(HOUR - MINUTE);

    for (const each of [store, other]) {
      expect(await claim(each, 'k')).toEqual({ kind: 'failed', error: text });
    }
    await scene().advance(MINUTE);
    await leaseOf(other, 'k');
  });

  it('is no entry', async () => {
    const { store } = scene();
    await (await leaseOf(store, 'k')).fail('"no"', HOUR);

    expect(store.peek('k')).toBeUndefined();
    expect(await store.read('k')).toBeUndefined();
    expect(await store.delete(['k'])).toBe(0);
  });

  it.each<[string, (store: CacheStore) => Promise<unknown>, string]>([
    ['a value is stored', (store) => put(store, 'k', 'one'), 'found'],
    ['a number is added', (store) => store.increment('k', 1, HOUR), 'found'],
    ['the key is deleted', (store) => store.delete(['k']), 'granted'],
  ])('is no answer any more when %s', async (_, change, next) => {
    const { store, other } = scene();
    await (await leaseOf(store, 'k')).fail('"no"', HOUR);

    await change(other);

    expect((await claim(store, 'k')).kind).toBe(next);
  });

  it('gives an entry that is still there, and a failure to whoever does not want that', async () => {
    const { store } = scene();
    await put(store, 'k', 'old', { freshMs: MINUTE, graceMs: HOUR });
    await scene().advance(MINUTE);
    const { version } = await entryAt(store, 'k');
    await (await leaseOf(store, 'k', { seen: version })).fail('"no"', HOUR);

    expect(await valueAt(store, 'k')).toBe('old');
    expect(await claim(store, 'k')).toMatchObject({ kind: 'found', entry: { version } });
    expect(await claim(store, 'k', { seen: version })).toEqual({ kind: 'failed', error: '"no"' });
  });

  it('lets the next one store what he makes', async () => {
    const { store, other } = scene();
    await (await leaseOf(store, 'k')).fail('"no"', 0);
    const lease = await leaseOf(other, 'k');

    expect(await lease.fill(entry('made'))).toBe(true);
    await eventually(async () => expect(await valueAt(store, 'k')).toBe('made'));
  });
}
