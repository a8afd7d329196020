import { expect, it } from '@jest/globals';
import type { CacheStore } from '../../lib/cache/cache.store.js';
import {
  claim,
  entry,
  entryAt,
  everywhere,
  everywhereElse,
  HOUR,
  keyed,
  leaseOf,
  put,
  valueAt,
  valuesAt,
  type CacheScene,
} from './cache-store.scene.js';

export function tagCases(scene: () => CacheScene): void {
  it('removes all entries that have one of the tags, in every process', async () => {
    const { store, other } = scene();
    await store.write([
      keyed('a', 1, { tags: ['red'] }),
      keyed('b', 2, { tags: ['red', 'round'] }),
      keyed('c', 3, { tags: ['round', 'green'] }),
      keyed('d', 4, { tags: ['blue'] }),
      keyed('e', 5),
    ]);
    await other.readMany(['a', 'b', 'c', 'd', 'e']);

    await store.invalidateTags(['red', 'green']);

    await everywhere(scene(), async (each) => {
      const gone = [undefined, undefined, undefined];
      expect(await valuesAt(each, ['a', 'b', 'c', 'd', 'e'])).toEqual([...gone, 4, 5]);
    });
    await other.invalidateTags(['blue', 'never used']);
    await everywhereElse(scene(), async (each) => expect(await each.read('d')).toBeUndefined());
  });

  it('reaches every namespace of the cache, from every namespace', async () => {
    const { store } = scene();
    const deep = scene().within('a', 'b');
    await put(store, 'k', 1, { tags: ['t'] });
    await put(deep.store, 'k', 2, { tags: ['t', 'u'] });
    await scene().within('c').store.invalidateTags(['t']);

    await everywhere(scene(), async (each) => expect(await each.read('k')).toBeUndefined());
    await everywhere(deep, async (each) => expect(await each.read('k')).toBeUndefined());
  });

  it('does not reach other caches', async () => {
    const { store, name } = scene();
    const neighbour = scene().open(`${name}-neighbour`);
    await put(neighbour, 'k', 1, { tags: ['t'] });
    await put(store, 'k', 1, { tags: ['t'] });
    await store.invalidateTags(['t']);
    await store.invalidate();

    expect(await valueAt(neighbour, 'k')).toBe(1);
  });

  it('leaves alone what is stored afterwards', async () => {
    const { store, other } = scene();
    await put(store, 'k', 1, { tags: ['t'] });
    await store.invalidateTags(['t']);
    await put(store, 'k', 2, { tags: ['t'] });

    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe(2));
    await other.invalidateTags(['t']);
    await everywhereElse(scene(), async (each) => expect(await each.read('k')).toBeUndefined());
  });

  it('goes by the tags of the entry that is there, not of the one before', async () => {
    const { store } = scene();
    await put(store, 'k', 1, { tags: ['before'] });
    await put(store, 'k', 2, { tags: ['now'] });
    await store.invalidateTags(['before']);

    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe(2));
  });

  it('goes by the tags that were given, whatever has become of the list', async () => {
    const { store } = scene();
    const [stored, claimed, filled] = [['a'], ['b'], ['b', 'c']];
    await put(store, 'k', 1, { tags: stored });
    const lease = await leaseOf(store, 'j', { tags: claimed });
    stored[0] = claimed[0] = 'x';
    expect(await lease.fill(entry(2, { tags: filled }))).toBe(true);
    filled.length = 0;
    const late = await leaseOf(store, 'i', { tags: filled });
    filled.push('a');
    await store.invalidateTags(['a', 'c']);

    await everywhere(scene(), async (each) => {
      expect(await valuesAt(each, ['k', 'j'])).toEqual([undefined, undefined]);
    });
    expect(await late.fill(entry(3))).toBe(true);
  });

  it('tells tags apart, whatever they are made of', async () => {
    const { store } = scene();
    const tags = ['t', 'T', 't ', 't:u', '#t', '{t}', '1:t', 't/u', '%74', '*', '"', 'ключ', '🔑', ','];
    await store.write(tags.map((tag, at) => keyed(`k${at}`, tag, { tags: [tag] })));
    const keys = tags.map((_, at) => `k${at}`);

    for (const [at, tag] of tags.entries()) {
      await store.invalidateTags([tag]);
      const left = tags.map((each, index) => (index <= at ? undefined : each));
      expect(await valuesAt(store, keys)).toEqual(left);
    }
  });

  it('takes no tag for the name of a namespace, nor the other way round', async () => {
    const names = ['a', '1:a', '#a', 'cache-1', 'clock', '/'];
    await put(scene().store, 'k', 1, { tags: names });
    for (const name of names) await put(scene().within(name).store, 'k', name);

    await scene().store.invalidateTags([...names, '1:a', '3:1:a']);
    for (const name of names) expect(await valueAt(scene().within(name).store, 'k')).toBe(name);

    await put(scene().store, 'k', 2, { tags: names });
    for (const name of names) await scene().within(name).store.invalidate();
    expect(await valueAt(scene().store, 'k')).toBe(2);
  });

  it('does nothing without tags', async () => {
    const { store } = scene();
    await put(store, 'k', 1, { tags: ['t'] });
    const lease = await leaseOf(store, 'j', { tags: ['t'], lateTags: true });
    await store.invalidateTags([]);

    expect(await valueAt(store, 'k')).toBe(1);
    expect(await lease.fill(entry(2, { tags: ['t'] }))).toBe(true);
  });
}

export function invalidatingCases(scene: () => CacheScene): void {
  const invalidators: readonly (readonly [string, (store: CacheStore) => Promise<unknown>])[] = [
    ['its tag', (store) => store.invalidateTags(['t'])],
    ['its cache', (store) => store.invalidate()],
  ];

  it.each(invalidators)('never returns in any way what %s was invalidated of', async (_, invalidate) => {
    const { store } = scene();
    // Each is looked at in one way only: to look may already remove it.
    const keys = ['peek', 'read', 'many', 'expire', 'delete', 'increment', 'claim', 'seen', 'match'];
    await store.write(keys.map((key) => keyed(key, 1, { graceMs: HOUR, tags: ['t'] })));
    const { version } = await entryAt(store, 'seen');
    await invalidate(store);

    expect(store.peek('peek')).toBeUndefined();
    expect(await store.read('read')).toBeUndefined();
    expect(await store.readMany(['many', 'many'])).toEqual([undefined, undefined]);
    expect(await store.expire('expire', HOUR)).toBe(false);
    expect(await store.delete(['delete'])).toBe(0);
    expect(await store.increment('increment', 1, HOUR)).toBe(1);
    expect((await claim(store, 'claim')).kind).toBe('granted');
    expect((await claim(store, 'seen', { seen: version })).kind).toBe('granted');
    expect(await store.deleteMatching('match')).toBe(0);
  });

  it('invalidates a cache with all its namespaces, in every process', async () => {
    const { store, other } = scene();
    const spaces = [scene().within(), scene().within('a'), scene().within('a', 'b')];
    for (const space of spaces) await put(space.store, 'k', 1);
    for (const space of spaces) await space.other.read('k');

    await other.invalidate();

    for (const space of spaces) {
      await everywhereElse(space, async (each) => expect(await each.read('k')).toBeUndefined());
    }
    await put(store, 'k', 2);
    await put(scene().within('a').store, 'k', 3);
    await everywhere(scene(), async (each) => expect(await valueAt(each, 'k')).toBe(2));
    await everywhere(scene().within('a'), async (each) => expect(await valueAt(each, 'k')).toBe(3));
  });

  it('invalidates a namespace with those within it, and nothing else', async () => {
    const spaceOf = (path: string): Pick<CacheScene, 'store' | 'other'> =>
      scene().within(...path.split('/').filter((name) => name !== ''));
    const paths = ['', 'a', 'a/b', 'a/b/c', 'a/c', 'b', 'ab', 'b/a'];
    for (const path of paths) await put(spaceOf(path).store, 'k', path);

    await spaceOf('a/b').store.invalidate();
    for (const path of paths) {
      const left = path.startsWith('a/b') ? undefined : path;
      await everywhere(spaceOf(path), async (each) => expect(await valueAt(each, 'k')).toBe(left));
    }

    await spaceOf('a').other.invalidate();
    for (const path of paths) {
      const left = path === 'a' || path.startsWith('a/') ? undefined : path;
      await everywhereElse(spaceOf(path), async (each) => expect(await valueAt(each, 'k')).toBe(left));
    }
    await put(spaceOf('a/b').store, 'k', 'anew');
    await everywhere(spaceOf('a/b'), async (each) => expect(await valueAt(each, 'k')).toBe('anew'));
  });

  it('can be repeated, and be done where nothing is', async () => {
    const { store } = scene();
    await store.invalidate();
    await store.invalidate();
    await put(store, 'k', 1);
    await scene().within('a').store.invalidate();

    expect(await valueAt(store, 'k')).toBe(1);
    await store.invalidate();
    expect(await store.read('k')).toBeUndefined();
  });
}
