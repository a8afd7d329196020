import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyOfArguments, keyOfParts } from '../../../../lib/cache/decorators/argument.key.js';
import { ContentText } from '../../../../lib/cache/decorators/content.text.js';
import { PayloadError } from '../../../../lib/common/errors.js';

const textOf = (value: unknown): string => new ContentText('refused').of(value, 'it');

/** Few different values, so that two of them are often nearly the same. */
const small = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(
      ...[
        undefined,
        null,
        true,
        0,
        -0,
        1,
        '1',
        1n,
        Number.NaN,
        Infinity,
        '',
        'a',
        ',',
        '"',
        ']',
        'undefined',
      ],
      ...[new Date(1), new Date(Number.NaN), /a/, /a/g, /"],\//, Buffer.from('1'), new Uint8Array([49])],
      ...[new Uint8ClampedArray([49]), new Uint8Array([49]).buffer, new URL('http://a/'), 'http://a/'],
    ),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'a":1,"b'), tie('value'), {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    fc
      .array(fc.tuple(fc.constantFrom('a', 1, '1'), tie('value')), { maxLength: 2 })
      .map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 2 }).map((items) => new Set(items)),
    fc.constantFrom([,], [undefined], [], {}, new Map(), new Set()),
  ),
})).value;

const large = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  stringUnit: 'binary',
});

/** The same content, with everything that has no order in another one. */
function reordered(value: unknown): unknown {
  if (value instanceof Map)
    return new Map([...value].reverse().map(([key, inner]) => [key, reordered(inner)]));
  if (value instanceof Set) return new Set([...value].reverse().map(reordered));
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reordered(inner)]),
  );
}

describe('content as text', () => {
  test('is the same for the same content, and for no other', () => {
    fc.assert(
      fc.property(small, small, (one, other) => {
        expect(textOf(one) === textOf(other)).toBe(isDeepStrictEqual(one, other));
      }),
      { numRuns: 3_000 },
    );
  });

  test('does not know the order of properties, entries and items', () => {
    fc.assert(
      fc.property(large, (value) => {
        expect(textOf(reordered(value))).toBe(textOf(value));
      }),
      { numRuns: 300 },
    );
    expect(textOf({ a: 1, b: [{ c: 1, d: 2 }] })).toBe(textOf({ b: [{ d: 2, c: 1 }], a: 1 }));
  });

  test('tells a match from an array of its items', () => {
    expect(textOf(/b/.exec('abc'))).not.toBe(textOf(['b']));
    expect(textOf(/b/.exec('abc'))).toBe(textOf(/b/.exec('abc')));
  });

  test('takes the same thing twice', () => {
    const shared = { a: 1 };

    expect(textOf([shared, shared])).toBe(textOf([{ a: 1 }, { a: 1 }]));
  });

  test('takes objects without a prototype for plain ones', () => {
    expect(textOf(Object.assign(Object.create(null), { a: 1 }))).toBe(textOf({ a: 1 }));
  });

  class Money {
    constructor(readonly amount: number) {}
  }
  const circle: Record<string, unknown> = {};
  circle['self'] = { circle };
  const deep = JSON.parse(`${'['.repeat(600)}${']'.repeat(600)}`) as unknown;
  const trapped = {
    get a(): never {
      throw new Error('no');
    },
  };
  // Every level holds the one below twice.
  const bomb = Array.from({ length: 40 }).reduce<unknown>((inner) => [inner, inner], 'x');

  test.each<[string, unknown, RegExp]>([
    ['a function', { do: () => 1 }, /^it\.do is function do, and no key can be made of that$/],
    ['a symbol', [Symbol('s')], /^it\[0\] is Symbol\(s\)/],
    ['a cycle', circle, /^it\.self\.circle is what it is itself a part of/],
    ['too many levels', deep, /nested deeper than 500 levels/],
    ['a promise', [Promise.resolve(1)], /^it\[0\] is an instance of Promise/],
    ['a stream', Readable.from([]), /^it is an instance of Readable/],
    ['an emitter', new EventEmitter(), /^it is an instance of EventEmitter/],
    ['an instance of a class', new Map([['price', new Money(1)]]), /^it<"price"> is an instance of Money/],
    ['an error', new Error('no'), /^it is an instance of Error/],
    ['a weak map', new WeakMap(), /^it is an instance of WeakMap/],
    ['shared memory', new SharedArrayBuffer(1), /^it is an instance of SharedArrayBuffer/],
    ['an abort signal', new AbortController().signal, /^it is an instance of AbortSignal/],
    ['symbols as keys', { [Symbol('s')]: 1 }, /^it is an object with symbols as keys/],
    ['a getter that throws', trapped, /^it can't be read: no/],
    ['what unfolds to gigabytes', bomb, /too large/],
  ])('refuses %s', (_, value, message) => {
    expect(() => textOf(value)).toThrow(PayloadError);
    expect(() => textOf(value)).toThrow(message);
  });
});

describe('the key of a call', () => {
  test('is readable while it is short', () => {
    expect(keyOfArguments('Shop.list', [])).toBe('Shop.list:[]');
    expect(keyOfArguments('Shop.list', [{ b: 1, a: 'x' }, 5])).toBe('Shop.list:[{"a":"x","b":1},5]');
  });

  test('is a hash when it is long', () => {
    const [one, other] = ['a', 'b'].map((last) => keyOfArguments('Shop.list', ['x'.repeat(300), last]));

    expect(one).toMatch(/^Shop\.list:#[\w-]{43}$/);
    expect(other).not.toBe(one);
  });

  test('tells undefined from nothing, and what merely reads the same', () => {
    const keys = [[], [undefined], [null], ['undefined'], [1, 2], ['1', 2], ['1,2'], [[1, 2]]].map((args) =>
      keyOfArguments('Shop.list', args),
    );

    expect(new Set(keys).size).toBe(keys.length);
  });

  test('says which argument is the matter', () => {
    expect(() => keyOfArguments('Shop.list', [1, { user: new (class User {})() }])).toThrow(
      /^argument 2\.user is an instance of User/,
    );
  });
});

describe('the key of chosen parts', () => {
  test('can be that of a call', () => {
    expect(keyOfParts(['Shop.list', 1, 'a'])).toBe(keyOfArguments('Shop.list', [1, 'a']));
  });

  test('takes instances of classes by their properties', () => {
    class Filter {
      constructor(
        readonly tag: string,
        readonly page = 1,
      ) {}
    }

    expect(keyOfParts(['list', new Filter('a')])).toBe('list:[{"page":1,"tag":"a"}]');
    expect(() => keyOfParts([() => 1])).toThrow(/^part 1 of the key is function/);
    expect(() => keyOfParts(['list', new Error('no')])).toThrow(/^part 2 of the key is an instance of Error/);
  });

  test('is not too long for a key, however long a part is', () => {
    expect(keyOfParts(['x'.repeat(5_000), 1])).toMatch(/^#[\w-]{43}$/);
    expect(keyOfParts([1, 'x'.repeat(5_000)])).toMatch(/^#[\w-]{43}$/);
  });

  test('is another one for other parts, long names included', () => {
    const text = fc.oneof(
      fc.constantFrom('', 'a', '[]', '["a"', 'a:[]', ':', '%3A', '#'),
      fc.string({ maxLength: 300 }),
    );
    const parts = fc.array(fc.oneof(text, fc.integer({ min: 0, max: 2 })), { maxLength: 3 });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(keyOfParts(one) === keyOfParts(other)).toBe(isDeepStrictEqual(one, other));
      }),
      { numRuns: 2_000 },
    );
  });
});
