import { expect, it } from '@jest/globals';
import type { CacheStore } from '../../lib/cache/cache.store.js';
import { eventually } from '../support/eventually.js';
import { entry, everywhere, leaseOf, put, takenOf, valueAt, type CacheScene } from './cache-store.scene.js';

/** Keys that some way of writing names and keys together would take for one. */
const KEYS = [
  ...[
    'k',
    'K',
    'k ',
    ' k',
    'k\n',
    ' ',
    '\0',
    '\0k',
    '\0\0k',
    '0',
    '1:a',
    '#',
    '#clock',
    '#tag:t',
    '/',
    'a/k',
  ],
  ...[
    '{k}',
    '{',
    '}',
    '}{',
    '{}',
    '%7B',
    '%7Bk%7D',
    '%',
    '%25',
    'k*',
    '?',
    '[k]',
    '\\k',
    'a:b',
    'a',
    'b',
    ':',
  ],
  ...[
    'ключ',
    '🔑',
    'é',
    'e\u0301',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'k'.repeat(1_024),
  ],
];

/** Names of namespaces, one within the other, of which no two lists may be the same. */
const PATHS: readonly (readonly string[])[] = [
  ...[[], ['a'], ['b'], ['a', 'b'], ['b', 'a'], ['a/b'], ['a', 'a'], ['a:b'], ['a', 'b', 'c'], ['a/b', 'c']],
  ...[
    ['a', 'b/c'],
    ['ab'],
    ['a%2Fb'],
    ['A'],
    ['a '],
    [' '],
    ['%'],
    ['{a}'],
    ['{'],
    ['}'],
    ['#'],
    ['a#'],
    ['#a'],
  ],
  ...[
    ['*'],
    ['?'],
    ['1:a'],
    ['1'],
    ['\0'],
    ['ключ'],
    ['🔑'],
    ['é'],
    ['e\u0301'],
    ['__proto__'],
    ['constructor'],
  ],
];

export function namingCases(scene: () => CacheScene): void {
  const inside = (path: readonly string[]): Pick<CacheScene, 'store' | 'other'> => scene().within(...path);

  it('keeps keys apart, whatever they are made of', async () => {
    const { store } = scene();
    await store.write(KEYS.map((key) => ({ key, ...entry(`at ${key}`) })));

    await everywhere(scene(), async (each) => {
      const found = await each.readMany(KEYS);
      expect(found.map((one) => one?.value.copy())).toEqual(KEYS.map((key) => `at ${key}`));
    });
    for (const key of KEYS) expect(await store.delete([key])).toBe(1);
    expect(new Set(await store.readMany(KEYS))).toEqual(new Set([undefined]));
  });

  it('has a lease for each key, whatever it is made of', async () => {
    const { store, other } = scene();
    for (const key of KEYS) {
      const lease = await leaseOf(store, key);
      await takenOf(other, key);
      expect(await lease.fill(entry(key))).toBe(true);
    }
    const found = await store.readMany(KEYS);
    expect(found.map((one) => one?.value.copy())).toEqual(KEYS);
  });

  it('keeps namespaces apart from each other and from the cache, whatever their names', async () => {
    for (const path of PATHS) await put(inside(path).store, 'k', path);

    for (const path of PATHS) {
      await everywhere(inside(path), async (each) => expect(await valueAt(each, 'k')).toEqual(path));
    }
    for (const path of PATHS) {
      expect(await inside(path).store.delete(['k'])).toBe(1);
      expect(await inside(path).store.read('k')).toBeUndefined();
    }
  });

  it('keeps keys of a namespace apart from keys that look like them', async () => {
    const inA = inside(['a']).store;
    await put(inA, 'k', 'in a');
    const lookAlikes = [
      ...[
        'a/k',
        'a:k',
        'a:{k}',
        'a/{k}',
        '/a/k',
        'a\0k',
        '\0a\0k',
        '\x001:a\0k',
        '1:a\0k',
        'a/:{k}',
        'a}:{k',
      ],
      inA.idOf('k'),
    ];
    for (const key of lookAlikes) await put(scene().store, key, key);

    expect(await valueAt(inA, 'k')).toBe('in a');
    for (const key of lookAlikes) expect(await valueAt(scene().store, key)).toBe(key);
    const keysInA = ['1:bk', '1:b\0k', 'b/k', 'b:k', '/b/k', 'b'];
    for (const key of keysInA) await put(inA, key, key);
    await put(inA.namespace('b'), 'k', 'in b');
    for (const key of keysInA) expect(await valueAt(inA, key)).toBe(key);
    expect(await valueAt(inA.namespace('b'), 'k')).toBe('in b');

    await inA.invalidate();
    for (const key of lookAlikes) expect(await valueAt(scene().store, key)).toBe(key);
  });

  it('keeps caches apart, whatever their names', async () => {
    const names = ['x', 'X', 'x:y', 'x/y', 'x%2Fy', 'x#', '#x', 'x#tag:t', 'ключ', '🔑', '*', '__proto__'];
    const caches = names.map((name): readonly [string, CacheStore] => [
      name,
      scene().open(`${scene().name}.${name}`),
    ]);
    for (const [name, cache] of caches) {
      await put(cache, 'k', name, { tags: ['t'] });
      await put(cache.namespace('y'), 'k', `${name} y`);
    }
    for (const [name, cache] of caches) {
      expect(await valueAt(cache, 'k')).toBe(name);
      expect(await valueAt(cache.namespace('y'), 'k')).toBe(`${name} y`);
      await cache.invalidate();
      await cache.invalidateTags(['t']);
      expect(await cache.read('k')).toBeUndefined();
      expect(await cache.namespace('y').read('k')).toBeUndefined();
    }
  });

  it('gives the same for names that are equal, in every process', async () => {
    const { store, other } = scene();
    await put(store.namespace('a').namespace('b'), 'k', 'one');

    expect(await valueAt(store.namespace('a').namespace('b'), 'k')).toBe('one');
    expect(await valueAt(other.namespace('a').namespace('b'), 'k')).toBe('one');
    expect(await valueAt(scene().open(scene().name).namespace('a').namespace('b'), 'k')).toBe('one');
    await leaseOf(store.namespace('c'), 'k');
    await takenOf(store.namespace('c'), 'k');
    await store.namespace('a').invalidate();
    await eventually(async () => {
      expect(await other.namespace('a').namespace('b').read('k')).toBeUndefined();
    });
  });

  it('has a lease for each namespace', async () => {
    const [cache, a] = [inside([]).store, inside(['a']).store];
    const leases = [await leaseOf(cache, 'k'), await leaseOf(a, 'k')];
    await cache.delete(['k']);

    expect(await leases[0]?.fill(entry('cache'))).toBe(false);
    expect(await leases[1]?.fill(entry('a'))).toBe(true);
  });

  it('gives every key of the cache and its namespaces an id of its own', () => {
    const ids = PATHS.flatMap((path) => KEYS.map((key) => inside(path).store.idOf(key)));

    expect(new Set(ids).size).toBe(PATHS.length * KEYS.length);
    expect(inside(['a']).store.idOf('k')).toBe(inside(['a']).store.idOf('k'));
  });
}
