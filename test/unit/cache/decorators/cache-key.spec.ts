import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildCacheKey, type CacheKeyPart } from '../../../../lib/cache/cache-key.js';
import { DepotConfigError } from '../../../../lib/common/errors.js';
import { LONGEST_KEY } from '../../../../lib/common/key.js';

const parts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(':', '%', '%3A', 'a:b')), {
  minLength: 1,
  maxLength: 4,
}) as fc.Arbitrary<[string, ...string[]]>;

describe('a key of parts', () => {
  test('reads as they do, with colons between them', () => {
    expect(buildCacheKey('user', 42, 'profile')).toBe('user:42:profile');
    expect(buildCacheKey('flag', true, 10n, -0.5)).toBe('flag:true:10:-0.5');
    expect(buildCacheKey('day', new Date(0))).toBe('day:1970-01-01T00%3A00%3A00.000Z');
    expect(buildCacheKey('a', '', 'b')).toBe('a::b');
  });

  test('is another one for parts that read differently', () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        fc.pre(one.join('') !== '' && other.join('') !== '');
        expect(buildCacheKey(...one) === buildCacheKey(...other)).toBe(same);
      }),
    );
    expect(buildCacheKey('a:b')).not.toBe(buildCacheKey('a', 'b'));
    expect(buildCacheKey('a%3Ab')).not.toBe(buildCacheKey('a:b'));
  });

  test('keeps halves of surrogate pairs apart, which become the same on their way to Redis', () => {
    expect(buildCacheKey('\ud800')).toBe('%ud800');
    expect(Buffer.from(buildCacheKey('\ud800'))).not.toEqual(Buffer.from(buildCacheKey('\ud801')));
    expect(buildCacheKey('😀')).toBe('😀');
  });

  test('is not too long for a key, whatever the parts are', () => {
    const long = 'x'.repeat(2 * LONGEST_KEY);
    const keys = ['a', 'b'].map((last) => buildCacheKey('user', long, last));

    expect(new Set(keys).size).toBe(2);
    for (const key of keys) {
      expect(key.length).toBeLessThanOrEqual(LONGEST_KEY);
      expect(key).toMatch(/^user:x{507}%h[\w-]{43}$/);
    }
  });

  test.each([
    [[undefined], /^Part 1 of a cache key is undefined/],
    [['user', undefined], /^Part 2 of a cache key, after "user", is undefined; expected text/],
    [['user', null], /is null/],
    [[Number.NaN], /is NaN/],
    [[Number.POSITIVE_INFINITY], /is Infinity/],
    [[new Date(Number.NaN)], /is an object/],
    [[{ id: 1 }], /is an object/],
    [[], /no parts/],
    [[''], /no parts/],
  ])('refuses %p', (bad, message) => {
    const build = (): string => buildCacheKey(...(bad as unknown as [CacheKeyPart]));

    expect(build).toThrow(DepotConfigError);
    expect(build).toThrow(message);
  });
});
