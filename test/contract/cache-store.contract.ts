import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CacheStore } from '../../lib/cache/cache.store.js';

/** An engine with a clock that only the test moves. */
export interface CacheBench {
  readonly store: CacheStore;
  /** The same cache, seen by another process if the engine has several. */
  readonly other: CacheStore;
  /** Time passes. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const HOUR = 3_600_000;

/** Every rule of the contract is one case; it holds on every engine. */
export function describeCacheStore(name: string, open: () => Promise<CacheBench>): void {
  describe(`cache store, ${name}`, () => {
    let bench: CacheBench;
    let store: CacheStore;

    beforeEach(async () => {
      bench = await open();
      store = bench.store;
    });

    afterEach(() => bench.close());

    test('has nothing under a key that was never set', async () => {
      expect(await store.get('k')).toBeUndefined();
      expect(await store.has('k')).toBe(false);
      expect(await store.delete('k')).toBe(false);
    });

    test('gives back what was set, to every process', async () => {
      await store.set('k', 'one', HOUR);

      expect(await store.get('k')).toBe('one');
      expect(await bench.other.get('k')).toBe('one');
      expect(await bench.other.has('k')).toBe(true);
    });

    test('replaces what was set before', async () => {
      await store.set('k', 'one', HOUR);
      await bench.other.set('k', 'two', HOUR);

      expect(await store.get('k')).toBe('two');
    });

    test('keeps any text as it is', async () => {
      const texts = ['', ' ', 'null', '0', 'naïve ключ 🔑', '\u0000\n\r\n', 'x'.repeat(1_000_000)];
      for (const text of texts) {
        await store.set('k', text, HOUR);
        expect(await store.get('k')).toBe(text);
        expect(await store.has('k')).toBe(true);
      }
    });

    test('keeps keys apart, whatever they are made of', async () => {
      const keys = [
        'k',
        'K',
        'k ',
        'k\n',
        '{k}',
        'a:b',
        'a',
        'b',
        'k*',
        'ключ',
        '🔑',
        '__proto__',
        'constructor',
        ' ',
      ];
      for (const key of keys) await store.set(key, `at ${key}`, HOUR);
      for (const key of keys) expect(await store.get(key)).toBe(`at ${key}`);
      for (const key of keys) {
        expect(await store.delete(key)).toBe(true);
        expect(await store.has(key)).toBe(false);
      }
    });

    test('deletes, once', async () => {
      await store.set('k', 'one', HOUR);

      expect(await store.delete('k')).toBe(true);
      expect(await store.delete('k')).toBe(false);
      expect(await store.get('k')).toBeUndefined();
      expect(await store.has('k')).toBe(false);
    });

    test('takes calls in the order in which they were made', async () => {
      const calls = [
        store.set('k', 'one', HOUR),
        store.get('k'),
        store.delete('k'),
        store.get('k'),
        store.set('k', 'two'),
      ];

      expect(await Promise.all(calls)).toEqual([undefined, 'one', true, undefined, undefined]);
      expect(await store.get('k')).toBe('two');
    });

    test('keeps a value until its time is over, and not from then on', async () => {
      await store.set('k', 'one', HOUR);
      await bench.advance(HOUR / 2);
      expect(await store.get('k')).toBe('one');
      await bench.advance(HOUR / 2);

      expect(await store.get('k')).toBeUndefined();
      expect(await store.has('k')).toBe(false);
      expect(await store.delete('k')).toBe(false);
    });

    test('keeps a value without ttl for ever', async () => {
      await store.set('k', 'one');
      await bench.advance(10_000 * HOUR);

      expect(await store.get('k')).toBe('one');
    });

    test('counts the ttl anew when the value is set again', async () => {
      await store.set('k', 'one', HOUR);
      await bench.advance(HOUR / 2);
      await store.set('k', 'two', HOUR);
      await bench.advance((HOUR / 4) * 3);

      expect(await store.get('k')).toBe('two');
    });

    test('forgets the ttl of what is replaced', async () => {
      await store.set('k', 'one', HOUR);
      await store.set('k', 'two');
      await store.set('j', 'one', HOUR);
      await store.delete('j');
      await store.set('j', 'two');
      await bench.advance(2 * HOUR);

      expect(await store.get('k')).toBe('two');
      expect(await store.get('j')).toBe('two');
    });

    test('does not prolong a value that is read', async () => {
      await store.set('k', 'one', HOUR);
      await bench.advance(HOUR / 2);
      await store.get('k');
      await store.has('k');
      await bench.advance(HOUR / 2);

      expect(await store.get('k')).toBeUndefined();
    });
  });
}
