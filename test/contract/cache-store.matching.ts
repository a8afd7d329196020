import { expect, it } from '@jest/globals';
import { entry, everywhere, keyed, leaseOf, put, valueAt, type CacheScene } from './cache-store.scene.js';

/** Patterns, keys that match and keys that don't. */
const PATTERNS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['*', ['a', '*', 'a:b', ' ', '{', 'ключ'], []],
  ['a', ['a'], ['aa', 'A', 'ab', 'ba']],
  ['a*', ['a', 'ab', 'a*', 'a:b:c'], ['ba', 'A']],
  ['*b', ['b', 'ab', 'bb'], ['ba', 'abc']],
  ['*a*b*', ['ab', 'xaxbx', 'aab'], ['ba', 'a', 'b']],
  ['user:*:name', ['user:1:name', 'user::name', 'user:1:2:name'], ['user:name', 'user:1:names']],
  ['a?c', ['abc', 'a?c', 'a*c', 'a:c'], ['ac', 'abbc']],
  ['a??', ['abc'], ['ab', 'abcd']],
  ['?*', ['a', 'ab'], []],
  ['a[bc]d', ['abd', 'acd'], ['add', 'ad', 'abcd', 'a[bc]d']],
  ['a[^bc]d', ['add', 'a^d', 'aed'], ['abd', 'acd', 'ad']],
  ['a[b^]d', ['abd', 'a^d'], ['acd']],
  ['[a-c]', ['a', 'b', 'c'], ['d', '-']],
  ['[c-a]', ['a', 'b', 'c'], ['d', '-']],
  ['[^a-c]', ['d', '-'], ['a', 'b', 'c']],
  ['[a-]', ['a', ']', '^'], ['b', '-', '[a-]']],
  ['x[0-9a-f]', ['x0', 'xa', 'xf'], ['xg', 'x', 'x-']],
  ['[a\\]b]', ['a', ']', 'b'], ['\\']],
  ['[\\^a]', ['^', 'a'], ['b']],
  ['a\\*', ['a*'], ['ab', 'a\\*', 'a']],
  ['a\\?', ['a?'], ['ab']],
  ['a\\[b\\]', ['a[b]'], ['ab']],
  ['\\a', ['a'], ['\\a']],
  ['a\\\\b', ['a\\b'], ['ab', 'a\\\\b']],
  ['a\\', ['a\\'], ['a']],
  ['a:{b}', ['a:{b}'], ['a:b', 'a:{c}']],
  ['{*}', ['{}', '{a}'], ['a', '{a']],
  ['*%*', ['%', 'a%b', '%7B'], ['{', 'a']],
  ['%7B', ['%7B'], ['{']],
  ['[{}]', ['{', '}'], ['a', '%']],
  ['a?b', ['a{b', 'a%b', 'a}b'], ['a%7Bb']],
  ['[^a]', ['{', '%', 'b'], ['a']],
  ['ключ*', ['ключ', 'ключи'], ['клю']],
  ['кл?ч', ['ключ'], ['клч']],
  ['a?', ['a🔑', 'aю'], ['a']],
  ['к[лю]юч', ['ключ'], ['квюч']],
  ['"*"', ['"a"'], ['a']],
  ['a b*', ['a b', 'a bc'], ['ab']],
];

export function matchingCases(scene: () => CacheScene): void {
  it.each(PATTERNS)('removes by %j what matches and nothing else', async (pattern, matching, others) => {
    const { store } = scene();
    await store.write([...matching, ...others].map((key) => keyed(key, key)));

    expect(await store.deleteMatching(pattern)).toBe(matching.length);

    await everywhere(scene(), async (each) => {
      for (const key of matching) expect([key, await valueAt(each, key)]).toEqual([key, undefined]);
      for (const key of others) expect(await valueAt(each, key)).toBe(key);
    });
    expect(await store.deleteMatching(pattern)).toBe(0);
  });

  it('removes what another process has stored, and the other process reads it no more', async () => {
    const { store, other } = scene();
    await put(store, 'user:1', 1);
    await put(other, 'user:2', 2);
    await put(other, 'users', 3);
    await other.readMany(['user:1', 'user:2', 'users']);

    expect(await store.deleteMatching('user:*')).toBe(2);

    await everywhere(scene(), async (each) => {
      expect(await each.read('user:1')).toBeUndefined();
      expect(await each.read('user:2')).toBeUndefined();
      expect(await valueAt(each, 'users')).toBe(3);
    });
  });

  it('removes from one namespace only', async () => {
    const [cache, a, inside, neighbour] = [
      scene().store,
      scene().within('a').store,
      scene().within('a', 'b').store,
      scene().within('*').store,
    ];
    for (const space of [cache, a, inside, neighbour]) await put(space, 'k', 'one');

    expect(await a.deleteMatching('*')).toBe(1);
    expect(await a.read('k')).toBeUndefined();
    expect(await neighbour.deleteMatching('*')).toBe(1);
    expect(await cache.deleteMatching('*')).toBe(1);
    expect(await cache.read('k')).toBeUndefined();
    expect(await valueAt(inside, 'k')).toBe('one');
  });

  it('lets no fill land that was begun before, of a key that matches, has it a value or not', async () => {
    const { store, other } = scene();
    const [cold, spared] = [await leaseOf(store, 'user:1'), await leaseOf(store, 'users')];
    await other.deleteMatching('user:*');

    expect(await cold.fill(entry('made'))).toBe(false);
    expect(await spared.fill(entry('made'))).toBe(true);
    expect(await store.read('user:1')).toBeUndefined();
  });

  it('removes thousands', async () => {
    const { store } = scene();
    const keys = Array.from({ length: 3_000 }, (_, at) => `key ${at}`);
    await store.write(keys.map((key) => keyed(key, 1)));

    expect(await store.deleteMatching('key *5')).toBe(300);
    expect(await store.deleteMatching('key*')).toBe(2_700);
  });

  it('takes no longer for a pattern that could be tried in many ways', async () => {
    const { store } = scene();
    await put(store, 'a'.repeat(200), 1);

    expect(await store.deleteMatching(`${'a*'.repeat(40)}b`)).toBe(0);
    expect(await store.deleteMatching('a*'.repeat(40))).toBe(1);
  });
}
