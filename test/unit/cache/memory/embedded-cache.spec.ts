import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheStore, Claim } from '../../../../lib/cache/cache.store.js';
import { EmbeddedCacheEngine } from '../../../../lib/engines/embedded/embedded-cache.engine.js';
import { ManualClock } from '../../../support/manual-clock.js';

const HOUR = 3_600_000;

let clock: ManualClock;
let engine: EmbeddedCacheEngine;
let store: CacheStore;
beforeEach(() => {
  clock = new ManualClock();
  engine = new EmbeddedCacheEngine(clock);
  store = engine.open('main');
});
afterEach(() => engine.close());

const put = (to: CacheStore, key: string, over: object = {}): Promise<void> =>
  to.write([{ key, text: '1', freshMs: Number.POSITIVE_INFINITY, graceMs: 0, tags: [], ...over }]);
const claim = async (key: string): Promise<Claim | undefined> =>
  (await store.claim([{ key, tags: [], lateTags: false, seen: undefined, waitedFor: undefined }]))[0];

describe('the embedded cache', () => {
  it('gives the memory of what was invalidated back, with one timer', async () => {
    for (let at = 0; at < 100; at++) {
      await put(store, `t${at}`, { tags: [`t${at}`] });
      await put(store.namespace(`n${at}`), 'k');
    }
    await put(store, 'stays', { tags: ['other'] });
    for (let at = 0; at < 100; at++) {
      await store.invalidateTags([`t${at}`]);
      await store.namespace(`n${at}`).invalidate();
    }
    expect([remembered(store), clock.pending]).toEqual([200, 1]);
    await clock.advance(2_000);

    expect([store.size().entries, clock.pending]).toEqual([1, 0]);
    expect(remembered(store)).toBe(0);
    expect(store.peek('stays')).toBeDefined();
    await put(store, 't1', { tags: ['t1'] });
    expect(store.peek('t1')).toBeDefined();
  });

  it('remembers no invalidation where nothing is stored', async () => {
    for (let at = 0; at < 100; at++) await store.invalidateTags([`t${at}`]);
    await store.namespace('n').invalidate();

    expect(clock.pending).toBe(0);
  });

  it('empties its memory at once when all of it is invalidated', async () => {
    await put(store, 'a', { freshMs: HOUR });
    await put(store.namespace('n'), 'b');
    await store.invalidate();

    expect(store.size()).toEqual({ entries: 0, bytes: 0 });
    expect(clock.pending).toBe(0);
  });

  it('keeps what is read, and lets go what is not', async () => {
    const small = engine.open('small', {
      maxEntries: 2,
      maxBytes: 1_000,
      policy: 'lru',
      ttlMs: Number.POSITIVE_INFINITY,
    });
    await put(small, 'a');
    await put(small, 'b');
    await small.read('a');
    await put(small, 'c');

    expect([small.peek('a'), small.peek('b'), small.peek('c')].map((found) => found !== undefined)).toEqual([
      ...[true, false, true],
    ]);
  });

  it('says when an entry is too large to be kept, and keeps the old one no more', async () => {
    const small = engine.open('small', { maxEntries: 9, maxBytes: 100, policy: 'lru', ttlMs: HOUR });
    await put(small, 'k');
    const [answer] = await small.claim([
      { key: 'k', tags: [], lateTags: false, seen: small.peek('k')?.version, waitedFor: undefined },
    ]);
    if (answer?.kind !== 'granted') throw new Error('not granted');

    const text = JSON.stringify('x'.repeat(200));
    expect(await answer.lease.fill({ text, freshMs: HOUR, graceMs: 0, tags: [] })).toBe(false);
    expect(small.peek('k')).toBeUndefined();
  });

  it('wakes whoever waits when it is closed, and keeps no timer', async () => {
    await claim('k');
    const taken = await claim('k');
    if (taken?.kind !== 'taken') throw new Error('not taken');
    const woken = taken.changed();
    await put(store, 'a', { freshMs: HOUR, tags: ['t'] });
    await store.invalidateTags(['t']);

    engine.close();

    await woken;
    expect(clock.pending).toBe(0);
  });

  it('leaves nothing on the signal of who has waited', async () => {
    const granted = await claim('k');
    const taken = await claim('k');
    if (taken?.kind !== 'taken' || granted?.kind !== 'granted') throw new Error('not taken');
    const { signal } = new AbortController();
    let listeners = 0;
    const counted = Object.assign(Object.create(signal) as AbortSignal, {
      addEventListener: () => void listeners++,
      removeEventListener: () => void listeners--,
    });
    Object.defineProperty(counted, 'aborted', { value: false });
    const woken = [taken.changed(counted), taken.changed(counted)];
    expect(listeners).toBe(2);

    await granted.lease.release();
    await Promise.all(woken);
    expect(listeners).toBe(0);
  });

  it('gives the same cache for the same name, and another for another', async () => {
    await put(engine.open('main'), 'k');

    expect(store.peek('k')).toBeDefined();
    expect(engine.open('other').peek('k')).toBeUndefined();
    expect(new EmbeddedCacheEngine(clock).open('main').peek('k')).toBeUndefined();
  });

  it('forgets failures, those that nobody asks for included', async () => {
    for (let at = 0; at < 100; at++) {
      const answer = await claim(`k${at}`);
      if (answer?.kind === 'granted') await answer.lease.fail('"no"', at);
    }
    await clock.advance(3_000);

    expect(clock.pending).toBe(0);
  });
});

/** How many tags and namespaces it compares entries with. */
function remembered(store: CacheStore): number {
  const { cache } = store as unknown as { cache: { invalidated: { size: number } } };
  return cache.invalidated.size;
}
