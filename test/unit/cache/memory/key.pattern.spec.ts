import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyPattern } from '../../../../lib/cache/memory/key.pattern.js';

describe('a pattern of keys', () => {
  it('matches as Redis does', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', ']', '-', '[', '^', '\\', '*', '?'),
      maxLength: 8,
    });
    fc.assert(
      fc.property(text, text, (pattern, key) => {
        expect([pattern, key, new KeyPattern(pattern).matches(key)]).toEqual([
          pattern,
          key,
          redisMatches(pattern, key),
        ]);
      }),
      { numRuns: 5_000 },
    );
  });

  it('takes a character as one, however it is written', () => {
    expect(new KeyPattern('a?b').matches('a🔑b')).toBe(true);
    expect(new KeyPattern('a??b').matches('a🔑b')).toBe(false);
    expect(new KeyPattern('[🔐-🔑]').matches('🔑')).toBe(true);
    expect(new KeyPattern('*🔑').matches('🔑🔑🔑')).toBe(true);
    expect(new KeyPattern('*?').matches('🔑')).toBe(true);
    expect(new KeyPattern('\ud83d*').matches('🔑')).toBe(false);
  });

  it('takes no longer for a pattern that could be tried in many ways', () => {
    const key = 'a'.repeat(1_024);

    expect(new KeyPattern(`${'a*'.repeat(100)}b`).matches(key)).toBe(false);
    expect(new KeyPattern(`${'*?'.repeat(100)}*b`).matches(key)).toBe(false);
    expect(new KeyPattern(`${'*a'.repeat(100)}*`).matches(key)).toBe(true);
  });
});

/** `stringmatchlen` of Redis 7.0 in its simplest form: every `*` tries all it could stand for. */
function redisMatches(pattern: string, key: string): boolean {
  const [first] = pattern;
  if (first === undefined) return key === '';
  if (first === '*') {
    return redisMatches(pattern.slice(1), key) || (key !== '' && redisMatches(pattern, key.slice(1)));
  }
  if (key === '') return false;
  if (first === '?') return redisMatches(pattern.slice(1), key.slice(1));
  if (first === '[') {
    const [matches, rest] = setMatches(pattern.slice(1), key.charAt(0));
    return matches && redisMatches(rest, key.slice(1));
  }
  const escaped = first === '\\' && pattern.length >= 2 ? pattern.slice(1) : pattern;
  return escaped.charAt(0) === key.charAt(0) && redisMatches(escaped.slice(1), key.slice(1));
}

/** Whether the set has the character, and what comes after the set. */
function setMatches(set: string, character: string): [boolean, string] {
  const not = set.startsWith('^');
  let rest = not ? set.slice(1) : set;
  let found = false;
  while (rest !== '' && !rest.startsWith(']')) {
    const [a, b, c] = rest;
    if (a === '\\' && rest.length >= 2) {
      found ||= b === character;
      rest = rest.slice(2);
    } else if (a !== undefined && b === '-' && c !== undefined) {
      const [from, to] = [a, c].sort();
      found ||= from !== undefined && to !== undefined && character >= from && character <= to;
      rest = rest.slice(3);
    } else {
      found ||= a === character;
      rest = rest.slice(1);
    }
  }
  return [found !== not, rest.slice(1)];
}
