import { expect, it } from '@jest/globals';
import {
  entryAt,
  everywhere,
  everywhereElse,
  HOUR,
  keyed,
  put,
  valueAt,
  valuesAt,
  type CacheScene,
} from './cache-store.scene.js';

export function entryCases(scene: () => CacheScene): void {
  it('has nothing under a key that was never stored', async () => {
    const { store } = scene();

    expect(store.peek('k')).toBeUndefined();
    expect(await store.read('k')).toBeUndefined();
    expect(await store.readMany(['k', 'j'])).toEqual([undefined, undefined]);
    expect(await store.delete(['k'])).toBe(0);
  });

  it('gives what was stored to every process', async () => {
    await put(scene().store, 'k', 'one');

    await everywhere(scene(), async (store) => expect(await valueAt(store, 'k')).toBe('one'));
  });

  it('gives what was stored last, whoever has read another value before', async () => {
    const { store, other } = scene();
    await put(store, 'k', 'one');
    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe('one'));

    await put(other, 'k', 'two');
    await everywhereElse(scene(), async (each) => expect(await valueAt(each, 'k')).toBe('two'));

    await put(store, 'k', 'three');
    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe('three'));
  });

  it('stores several at once, the last of one key', async () => {
    await scene().store.write([keyed('a', 1), keyed('b', 2), keyed('a', 3)]);

    await everywhere(scene(), async (store) => {
      expect(await valuesAt(store, ['a', 'b'])).toEqual([3, 2]);
    });
  });

  it('stores nothing when there is nothing to store', async () => {
    const { store } = scene();
    await store.write([]);

    expect(await store.readMany([])).toEqual([]);
    expect(await store.delete([])).toBe(0);
  });

  it('reads many in order, with gaps, and one twice', async () => {
    await scene().store.write([keyed('a', 1), keyed('b', 2)]);

    await everywhere(scene(), async (store) => {
      expect(await valuesAt(store, ['b', 'none', 'a', 'b'])).toEqual([2, undefined, 1, 2]);
    });
  });

  it.each([
    ['empty text', ''],
    ['null', null],
    ['0', 0],
    ['false', false],
    ['a blank', ' '],
    ['text that looks like an entry', '@1,2,3\n"x"'],
    ['text of many languages', 'naïve ключ 🔑 \u0000\n\r\n"\\'],
    ['half a character', '\ud800'],
    ['a long text', 'x'.repeat(1_000_000)],
    ['an object', { a: [1, { b: null }], ключ: '🔑' }],
    ['values that JSON has not', { at: new Date(5), many: new Map([['a', 1n]]), bytes: Buffer.from('x') }],
  ])('gives %s back as it was', async (_, value) => {
    await put(scene().store, 'k', value);

    await everywhere(scene(), async (store) => expect(await valueAt(store, 'k')).toEqual(value));
  });

  it('says when it was stored, how long it is fresh and how long it is kept', async () => {
    const { store, other, bench } = scene();
    await scene().advance(5);
    const now = bench.now();
    await put(store, 'k', 'one', { freshMs: 1_000, graceMs: 500 });
    const times = { createdAt: now, freshUntil: now + 1_000, keptUntil: now + 1_500 };

    expect(await store.read('k')).toMatchObject(times);
    expect(await other.read('k')).toMatchObject(times);
    expect((await other.readMany(['k']))[0]).toMatchObject(times);
  });

  it('keeps for ever what has no end', async () => {
    const { store } = scene();
    await put(store, 'k', 'one', { freshMs: Number.POSITIVE_INFINITY, graceMs: 500 });
    await scene().advance(1_000 * HOUR);

    await everywhere(scene(), async (each) => {
      expect(await each.read('k')).toMatchObject({
        freshUntil: Number.POSITIVE_INFINITY,
        keptUntil: Number.POSITIVE_INFINITY,
      });
    });
  });

  it('gives another version to everything that is stored', async () => {
    const { store, other } = scene();
    const versions: string[] = [];
    for (const writer of [store, other, store]) {
      await put(writer, 'k', 'same');
      versions.push((await entryAt(writer, 'k')).version);
    }
    await store.write([keyed('k', 'same'), keyed('j', 'same')]);
    versions.push((await entryAt(store, 'k')).version, (await entryAt(store, 'j')).version);

    expect(new Set(versions).size).toBe(5);
  });

  it('gives the same version to everybody who reads it', async () => {
    await put(scene().store, 'k', 'one');
    const { version } = await entryAt(scene().store, 'k');

    expect((await entryAt(scene().store, 'k')).version).toBe(version);
    expect((await entryAt(scene().other, 'k')).version).toBe(version);
  });

  it('removes what is asked for, once, and says how many there were', async () => {
    const { store } = scene();
    await store.write([keyed('a', 1), keyed('b', 2), keyed('c', 3)]);

    expect(await store.delete(['a', 'none', 'b', 'a'])).toBe(2);
    expect(await store.delete(['a', 'b'])).toBe(0);
    expect(store.peek('a')).toBeUndefined();

    await everywhere(scene(), async (each) => {
      expect(await valuesAt(each, ['a', 'b', 'c'])).toEqual([undefined, undefined, 3]);
    });
  });

  it('removes what another process has stored', async () => {
    const { store, other } = scene();
    await put(store, 'k', 'one');
    await entryAt(store, 'k');

    expect(await other.delete(['k'])).toBe(1);

    await everywhereElse(scene(), async (each) => expect(await each.read('k')).toBeUndefined());
  });

  it('takes calls of a process in the order in which they were made', async () => {
    const { store } = scene();
    const answers = [
      put(store, 'k', 1),
      valueAt(store, 'k'),
      store.delete(['k']),
      valueAt(store, 'k'),
      put(store, 'k', 2),
      put(store, 'k', 3),
      valuesAt(store, ['k', 'j']),
      store.increment('k', 5, HOUR),
      valueAt(store, 'k'),
      store.expire('k', 0),
      valueAt(store, 'k'),
      store.delete(['k', 'j']),
    ];

    expect(await Promise.all(answers)).toEqual([
      ...[undefined, 1, 1, undefined, undefined, undefined],
      ...[[3, undefined], 8, 8, true, undefined, 0],
    ]);
    expect(await store.read('k')).toBeUndefined();
  });

  it('has the last of many writes that were made at once', async () => {
    const { store } = scene();
    await Promise.all(Array.from({ length: 200 }, (_, at) => put(store, 'k', at)));

    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe(199));
  });

  it('takes thousands at once', async () => {
    const { store } = scene();
    const keys = Array.from({ length: 3_000 }, (_, at) => `key ${at}`);
    await store.write(keys.map((key, at) => keyed(key, at)));

    await everywhere(scene(), async (each) => {
      const values = await valuesAt(each, ['none', ...keys, 'none']);
      expect(values).toEqual([undefined, ...keys.keys(), undefined]);
    });
    expect(await store.delete([...keys, 'none'])).toBe(3_000);
    await everywhere(scene(), async (each) => {
      expect(new Set(await each.readMany(keys))).toEqual(new Set([undefined]));
    });
  });
}
