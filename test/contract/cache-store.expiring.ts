import { expect, it } from '@jest/globals';
import {
  claim,
  entryAt,
  everywhere,
  everywhereElse,
  HOUR,
  put,
  valueAt,
  type CacheScene,
} from './cache-store.scene.js';

const MINUTE = 60_000;
const NEVER = Number.POSITIVE_INFINITY;

export function expiryCases(scene: () => CacheScene): void {
  it('keeps an entry until its time is over, and not from then on', async () => {
    const { store } = scene();
    await put(store, 'k', 'one', { freshMs: HOUR });
    await entryAt(store, 'k');
    await scene().advance(HOUR - MINUTE);
    expect(await valueAt(store, 'k')).toBe('one');
    await scene().advance(MINUTE);

    await everywhere(scene(), async (each) => {
      expect(each.peek('k')).toBeUndefined();
      expect(await each.read('k')).toBeUndefined();
    });
    expect(await store.delete(['k'])).toBe(0);
    expect(await store.expire('k', HOUR)).toBe(false);
    expect(await store.deleteMatching('*')).toBe(0);
    expect(await store.increment('k', 1, HOUR)).toBe(1);
  });

  it('keeps a stale entry as long as its grace is, and not longer', async () => {
    const { store, bench } = scene();
    await put(store, 'k', 'one', { freshMs: HOUR, graceMs: HOUR });
    await scene().advance(HOUR);

    await everywhere(scene(), async (each) => {
      const found = await entryAt(each, 'k');
      expect(found.value.copy()).toBe('one');
      expect(found.freshUntil).toBeLessThanOrEqual(bench.now());
      expect(found.keptUntil).toBeGreaterThan(bench.now());
    });
    await scene().advance(HOUR);
    await everywhere(scene(), async (each) => {
      expect(each.peek('k')).toBeUndefined();
      expect(await each.read('k')).toBeUndefined();
    });
  });

  it('keeps a stale entry for ever when its grace has no end', async () => {
    await put(scene().store, 'k', 'one', { freshMs: MINUTE, graceMs: NEVER });
    await scene().advance(1_000 * HOUR);

    await everywhere(scene(), async (each) => {
      expect(await each.read('k')).toMatchObject({ keptUntil: NEVER });
    });
  });

  it('counts a stale entry as one that is there', async () => {
    const { store } = scene();
    await put(store, 'k', 'one', { freshMs: MINUTE, graceMs: HOUR });
    await put(store, 'j', 'one', { freshMs: MINUTE, graceMs: HOUR });
    await scene().advance(MINUTE);

    expect(await store.delete(['k'])).toBe(1);
    expect(await store.deleteMatching('j')).toBe(1);
  });

  it('counts anew when something is stored again', async () => {
    const { store } = scene();
    await put(store, 'k', 'one', { freshMs: HOUR });
    await scene().advance(HOUR - MINUTE);
    await put(store, 'k', 'two', { freshMs: HOUR });
    await scene().advance(HOUR - MINUTE);

    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe('two'));
    await scene().advance(MINUTE);
    await everywhere(scene(), async (each) => expect(await each.read('k')).toBeUndefined());
  });

  it('forgets the end and the grace of what is replaced or was removed', async () => {
    const { store } = scene();
    await put(store, 'k', 'one', { freshMs: MINUTE, graceMs: MINUTE });
    await put(store, 'k', 'two', { freshMs: NEVER });
    await put(store, 'j', 'one', { freshMs: MINUTE });
    await store.delete(['j']);
    await put(store, 'j', 'two', { freshMs: NEVER });
    await put(store, 'i', 'one', { freshMs: NEVER });
    await put(store, 'i', 'two', { freshMs: MINUTE });
    await scene().advance(HOUR);

    await everywhere(scene(), async (each) => {
      expect(await valueAt(each, 'k')).toBe('two');
      expect(await valueAt(each, 'j')).toBe('two');
      expect(await each.read('i')).toBeUndefined();
    });
  });

  it('does not prolong what is read or claimed', async () => {
    const { store } = scene();
    await put(store, 'k', 'one', { freshMs: HOUR });
    await scene().advance(HOUR - MINUTE);
    await store.read('k');
    await store.readMany(['k']);
    await claim(store, 'k');
    store.peek('k');
    await scene().advance(MINUTE);

    expect(await store.read('k')).toBeUndefined();
  });
}

export function expireCases(scene: () => CacheScene): void {
  it('sets anew how long an entry is fresh, from now on', async () => {
    const { store, bench } = scene();
    await put(store, 'k', 'one', { freshMs: HOUR, graceMs: MINUTE });
    await entryAt(scene().other, 'k');
    await scene().advance(MINUTE);

    expect(await store.expire('k', 2 * HOUR)).toBe(true);

    const freshUntil = bench.now() + 2 * HOUR;
    await everywhere(scene(), async (each) => {
      expect(await each.read('k')).toMatchObject({ freshUntil, keptUntil: freshUntil + MINUTE });
      expect(await valueAt(each, 'k')).toBe('one');
    });
    await scene().advance(2 * HOUR);
    expect(await valueAt(store, 'k')).toBe('one');
    await scene().advance(MINUTE);
    await everywhere(scene(), async (each) => expect(await each.read('k')).toBeUndefined());
  });

  it('shortens it, too, for every process', async () => {
    const { store, other } = scene();
    await put(store, 'k', 'one', { freshMs: HOUR });
    await entryAt(store, 'k');

    expect(await other.expire('k', MINUTE)).toBe(true);
    await scene().advance(MINUTE);

    await everywhereElse(scene(), async (each) => expect(await each.read('k')).toBeUndefined());
  });

  it('makes an entry stale at once with 0, and its grace stays as long', async () => {
    const { store, bench } = scene();
    await put(store, 'k', 'one', { freshMs: HOUR, graceMs: MINUTE });

    expect(await store.expire('k', 0)).toBe(true);

    const now = bench.now();
    await everywhere(scene(), async (each) => {
      expect(await each.read('k')).toMatchObject({ freshUntil: now, keptUntil: now + MINUTE });
    });
    expect(await store.expire('k', HOUR)).toBe(false);
  });

  it('removes an entry without grace at once with 0', async () => {
    const { store } = scene();
    await put(store, 'k', 'one');

    expect(await store.expire('k', 0)).toBe(true);

    await everywhere(scene(), async (each) => expect(await each.read('k')).toBeUndefined());
    expect(await store.delete(['k'])).toBe(0);
  });

  it('keeps an entry for ever with Infinity, and ends that again with its old grace', async () => {
    const { store, bench } = scene();
    await put(store, 'k', 'one', { freshMs: HOUR, graceMs: MINUTE });

    expect(await store.expire('k', NEVER)).toBe(true);
    await scene().advance(1_000 * HOUR);
    await everywhere(scene(), async (each) => {
      expect(await each.read('k')).toMatchObject({ freshUntil: NEVER, keptUntil: NEVER });
    });

    expect(await store.expire('k', HOUR)).toBe(true);
    const freshUntil = bench.now() + HOUR;
    await everywhere(scene(), async (each) => {
      expect(await each.read('k')).toMatchObject({ freshUntil, keptUntil: freshUntil + MINUTE });
    });
  });

  it('does not make fresh again what is stale, gone, or was never there', async () => {
    const { store, bench } = scene();
    await put(store, 'k', 'one', { freshMs: MINUTE, graceMs: HOUR });
    await scene().advance(MINUTE);

    expect(await store.expire('k', HOUR)).toBe(false);
    expect(await store.expire('none', HOUR)).toBe(false);

    expect((await entryAt(store, 'k')).freshUntil).toBe(bench.now());
    expect(await store.read('none')).toBeUndefined();
  });

  it('keeps the tags of an entry', async () => {
    const { store } = scene();
    await put(store, 'k', 'one', { tags: ['t'] });
    await store.expire('k', 2 * HOUR);
    await store.invalidateTags(['t']);

    await everywhere(scene(), async (each) => expect(await each.read('k')).toBeUndefined());
  });
}
