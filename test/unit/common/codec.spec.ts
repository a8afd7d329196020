import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { decode, encode } from '../../../lib/common/codec.js';
import { PayloadError } from '../../../lib/common/errors.js';
import { random } from '../../support/random.js';

const through = (value: unknown): unknown => decode(encode(value));

class Money {
  constructor(readonly cents: bigint) {}

  toJSON(): unknown {
    return { cents: this.cents };
  }
}

describe('codec', () => {
  test.each([
    null,
    undefined,
    true,
    0,
    -0,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_VALUE,
    0n,
    -(10n ** 40n),
    '',
    '#',
    '#{"$":["d",0]}',
    'null',
    '\u0000\ud800 🔑',
    new Date(0),
    [],
    [undefined, null, [[]]],
    {},
    { a: undefined, b: { c: [new Date(1)] } },
    { $: 1 },
    { $: ['d', 0] },
    { $: ['d', 0], x: 1n },
    { '': { ' ': 'odd keys' } },
    new Map<unknown, unknown>([
      [{ a: 1n }, new Set([undefined, null])],
      ['b', new Map()],
      [new Date(2), Number.NaN],
    ]),
    new Set([1, '1', 1n]),
    Buffer.from([0, 255, 10]),
    Buffer.alloc(0),
    new Uint8Array([1, 2, 3]),
    Buffer.from('hello world').subarray(2, 5),
    new Int8Array([-1, 2]),
    new Uint8ClampedArray([255, 0]),
    new Int16Array([-32_768, 1]),
    new Uint16Array([65_535]),
    new Int32Array([1, -2, 3]),
    new Uint32Array([4_294_967_295]),
    new Float32Array([1.5, -0, Number.NaN]),
    new Float64Array([Math.PI, Number.MIN_VALUE, Number.NEGATIVE_INFINITY]),
    new BigInt64Array([-1n, 2n ** 62n]),
    new BigUint64Array([2n ** 64n - 1n]),
    new Float64Array(),
    new Int16Array([1, 2, 3, 4]).subarray(1, 3),
    new Uint8Array([1, 2, 3]).buffer,
    new ArrayBuffer(0),
    new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
    /^a\/b$/giu,
    new RegExp(''),
    { found: [/x/, new Map([[new Float32Array([1]), new Set([/y/])]])] },
  ])('gives %p back as it was', (value) => {
    const back = through(value);

    expect(back).toStrictEqual(value);
    expect(Object.is(back, -0)).toBe(Object.is(value, -0));
  });

  test('gives a date that is none back as one', () => {
    expect((through(new Date(Number.NaN)) as Date).getTime()).toBeNaN();
  });

  test('gives the kind of bytes back that went in', () => {
    expect(Buffer.isBuffer(through(Buffer.from('a')))).toBe(true);
    expect(Buffer.isBuffer(through(new Uint8Array(1)))).toBe(false);
  });

  test('makes a piece of bytes whole: nothing around it is kept', () => {
    const back = through(new Int16Array([1, 2, 3, 4]).subarray(1, 3)) as Int16Array;

    expect(back.buffer.byteLength).toBe(4);
  });

  test('gives a pattern back that begins anew', () => {
    const used = /a/g;
    used.test('aa');

    expect((through(used) as RegExp).lastIndex).toBe(0);
  });

  test('takes values out of their boxes', () => {
    const boxes = [new Number(5), new String('five'), new Boolean(false), Object(5n) as object];

    expect(through(boxes)).toEqual([5, 'five', false, 5n]);
    expect(through([...boxes, undefined])).toEqual([5, 'five', false, 5n, undefined]);
  });

  test('looks through a proxy of a collection', () => {
    const given = new Map([['a', 1]]);
    const proxy = new Proxy(given, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });

    expect(through({ proxy })).toStrictEqual({ proxy: given });
  });

  test('gives collections of another realm back as those of this one', () => {
    const foreign: unknown = runInNewContext(
      '({ m: new Map([[1, new Set([new Date(5)])]]), r: /x/g, f: new Float32Array([2]) })',
    );

    expect(through(foreign)).toStrictEqual({
      m: new Map([[1, new Set([new Date(5)])]]),
      r: /x/g,
      f: new Float32Array([2]),
    });
  });

  test('writes plain JSON as plain JSON', () => {
    const value = { a: [1, 'two', null, true], b: { c: 0.5 } };

    expect(encode(value)).toBe(JSON.stringify(value));
  });

  test('fills the holes of an array', () => {
    expect(through([1, , 3])).toEqual([1, undefined, 3]);
  });

  test('gives an error back with its name, message and stack', () => {
    const error = new RangeError('too far');
    const { found } = through({ found: [error] }) as { found: [Error] };
    expect(found[0]).toBeInstanceOf(Error);
    expect(found[0]).toMatchObject({ name: 'RangeError', message: 'too far', stack: error.stack });
    expect(Object.keys(found[0])).toEqual([]);
  });

  test('takes no prototype from foreign text, however it is spelled', () => {
    for (const key of ['__proto__', '\\u005f_proto__', '__pr\\u006fto__']) {
      const value = decode(`{"a":1,"${key}":{"evil":true}}`) as object;
      expect(Object.keys(value)).toEqual(['a']);
      expect(Object.assign({}, value)).not.toHaveProperty('evil');
    }
  });

  test('gives an instance of a class back as a plain object', () => {
    class Point {
      constructor(readonly x: number) {}
    }

    expect(through(new Point(1))).toStrictEqual({ x: 1 });
  });

  test('takes what toJSON gives, whatever that is', () => {
    expect(through(new Money(5n))).toEqual({ cents: 5n });
    expect(through([new Money(5n), 1n])).toEqual([{ cents: 5n }, 1n]);
    expect(through({ toJSON: () => undefined })).toBeUndefined();
    expect(through({ a: { toJSON: () => new Date(0) } })).toEqual({ a: new Date(0) });
    expect(through([1n, { toJSON: () => ({ $: ['n', '5'] }) }])).toEqual([1n, { $: ['n', '5'] }]);
    expect(through(new URL('http://a.b/c'))).toBe('http://a.b/c');
  });

  test('keeps keys that reach for the prototype as mere data', () => {
    const sly: unknown = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}');
    const back = through(sly) as object;

    expect(Object.keys(back)).toEqual(['__proto__', 'constructor']);
    expect((back as { admin?: boolean }).admin).toBeUndefined();
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });

  test('drops such keys from text that somebody else wrote', () => {
    const back = decode('{"__proto__": {"admin": true}, "a": {"__proto__": {"admin": true}}}') as {
      a: object;
    };

    expect(Object.keys(back)).toEqual(['a']);
    expect(Object.getPrototypeOf(back.a)).toBe(Object.prototype);
  });

  describe('refuses', () => {
    const circle: unknown[] = [];
    circle.push(new Map([['x', circle]]));
    const endless = { toJSON: (): unknown => endless };

    test.each<[string, unknown, RegExp]>([
      ['a function', { a: [{ b: (): number => 1 }] }, /^payload\.a\[0\]\.b is function b/],
      ['a symbol', { a: Symbol('s') }, /^payload\.a is Symbol\(s\)/],
      ['a value of a map', new Map([['k', Symbol('s')]]), /^payload<"k"> is Symbol/],
      ['a key of a map', new Map([[(): number => 1, 1]]), /^payload<key> is function/],
      ['an item of a set', new Set([Symbol('s')]), /^payload<item> is Symbol/],
      ['a cycle', circle, /refers to itself or is nested deeper than 500/],
      ['a toJSON without end', endless, /refers to itself or is nested deeper than 500/],
      ['a function from toJSON', { a: { toJSON: () => () => 1 } }, /^payload\.a\.toJSON\(\) is function/],
      ['a promise', { a: Promise.resolve(1) }, /^payload\.a is of type Promise/],
      ['a weak map', [new WeakMap()], /^payload\[0\] is of type WeakMap/],
      ['memory that is shared', { a: new SharedArrayBuffer(1) }, /^payload\.a is of type SharedArrayBuffer/],
      [
        'a pattern longer than any',
        [new RegExp('x'.repeat(10_001))],
        /^payload\[0\] is a regular expression of/,
      ],
      [
        'a bigint longer than any',
        { a: 1n << 3_500_000n },
        /^payload\.a is a bigint of more than 1048576 digits/,
      ],
      ['a symbol in a box', { a: Object(Symbol('s')) as object }, /^payload\.a is Symbol\(s\)/],
      [
        'a getter that throws',
        {
          a: {
            get b(): never {
              throw new Error('no b');
            },
          },
        },
        /^payload can't be serialised: no b/,
      ],
    ])('%s, with the path to it', (_, value, message) => {
      expect(() => encode(value, 'payload')).toThrow(PayloadError);
      expect(() => encode(value, 'payload')).toThrow(message);
    });

    test('what is nested ever deeper without breaking the stack', () => {
      let deep: object = {};
      for (let n = 0; n < 100_000; n++) deep = { deep };

      expect(() => encode(deep)).toThrow(PayloadError);
    });

    test('text of more bytes than are allowed', () => {
      expect(encode('x'.repeat(8), 'payload', 10)).toHaveLength(10);
      expect(() => encode('x'.repeat(9), 'payload', 10)).toThrow(
        'payload is 11 bytes serialised; at most 10 are allowed',
      );
      expect(() => encode('🔑🔑', 'payload', 9)).toThrow(PayloadError);
    });

    test.each(['hello', '{', '#', '#{"$":["z",1]}', '#{"$":5}', '#{"$":["m",5]}', '#{"$":["n","abc"]}'])(
      'text that it did not write: %s',
      (text) => {
        expect(() => decode(text, 'payload')).toThrow(PayloadError);
        expect(() => decode(text, 'payload')).toThrow(/^payload can't be read/);
      },
    );
  });

  test('gives back whatever is made of all kinds', () => {
    const { below } = random(5);
    const make = (depth: number): unknown => {
      const kinds: readonly (() => unknown)[] = [
        () => below(1_000) - 500,
        () => `text${below(9)}`,
        () => [null, undefined, true, -0, Number.NaN][below(5)],
        () => BigInt(below(1_000)),
        () => new Date(below(1e9)),
        () => Buffer.from(`bytes${below(9)}`),
        () => Array.from({ length: below(4) }, () => make(depth + 1)),
        () =>
          Object.fromEntries<unknown>(
            Array.from({ length: below(4) }, (_, n): [string, unknown] => [
              ['$', '__proto__', 'a'][n] ?? '',
              make(depth + 1),
            ]),
          ),
        () => new Map(Array.from({ length: below(3) }, () => [make(depth + 1), make(depth + 1)])),
        () => new Set(Array.from({ length: below(3) }, () => make(depth + 1))),
      ];
      return kinds[below(depth > 4 ? 6 : kinds.length)]?.();
    };
    for (let n = 0; n < 3_000; n++) {
      const value = make(0);
      expect(through(value)).toStrictEqual(value);
    }
  });
});
