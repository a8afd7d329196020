import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decode, encode } from '../../../lib/common/codec.js';
import { PayloadError } from '../../../lib/common/errors.js';
import { same } from './same.js';

const RUNS = { numRuns: 500 };

const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'toJSON',
  'valueOf',
  'hasOwnProperty',
  '$',
  '',
  'length',
];

const key = fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: 'binary', maxLength: 5 }));

const bytes = fc.uint8Array({ maxLength: 20 });

const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    false,
    0,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    '#',
    '&',
    '~',
  ),
  fc.double(),
  fc.bigInt(),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.date({ noInvalidDate: false }),
  bytes.map((part) => Buffer.from(part)),
  bytes,
  bytes.map((part) => part.slice().buffer),
  bytes.map((part) => new DataView(part.slice().buffer)),
  fc.int8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
  fc.constantFrom(
    /x/,
    /^(?<a>[a-z])\/\\\n$/gimsuy,
    new RegExp('\n\u2028/'),
    new RegExp('[\\p{L}--[a-z]]', 'v'),
  ),
);

/** Whatever the codec says that it keeps, in whatever is made of it. A `toJSON` that is no function is data, too. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    tie('array'),
    tie('object'),
    tie('map'),
    tie('set'),
  ),
  array: fc.array(tie('value'), { maxLength: 5 }),
  object: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 5 })
    .map((entries) => Object.fromEntries(entries)),
  map: fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
  set: fc.array(tie('value'), { maxLength: 4 }).map((items) => new Set(items)),
}));

describe('the codec', () => {
  it('gives every value back as it was', () => {
    fc.assert(
      fc.property(value, (given) => {
        expect(same(decode(encode(given)), given)).toBe(true);
      }),
      RUNS,
    );
  });

  it('writes well-formed text of one line', () => {
    fc.assert(
      fc.property(value, (given) => {
        const text = encode(given);
        expect(text).not.toMatch(/[\n\r\p{Surrogate}]/u);
        expect(text).not.toMatch(/^[~!]/);
      }),
      RUNS,
    );
  });

  it('changes nothing of what it is given, and shares nothing with it', () => {
    fc.assert(
      fc.property(value, (given) => {
        const text = encode(given);
        expect(encode(given)).toBe(text);
        expect(encode(decode(text))).toBe(text);
      }),
      RUNS,
    );
  });

  it('counts bytes exactly: what fits its own length fits', () => {
    fc.assert(
      fc.property(value, (given) => {
        const length = Buffer.byteLength(encode(given));
        expect(encode(given, 'v', length)).toBe(encode(given));
        if (length > 0) expect(() => encode(given, 'v', length - 1)).toThrow(PayloadError);
      }),
      RUNS,
    );
  });

  it('reads any JSON as what it is, but for prototypes', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const expected: unknown = JSON.parse(text, (name, inner: unknown) =>
          name === '__proto__' ? undefined : inner,
        );
        expect(same(decode(text), expected)).toBe(true);
      }),
      RUNS,
    );
  });

  it('reads text that was changed somewhere, or refuses it as such', () => {
    const change = fc.record({
      value,
      at: fc.nat(),
      by: fc.string({ maxLength: 3 }),
      drop: fc.nat({ max: 3 }),
    });
    fc.assert(
      fc.property(change, ({ value: given, at, by, drop }) => {
        const text = encode(given);
        const start = text === '' ? 0 : at % text.length;
        try {
          decode(text.slice(0, start) + by + text.slice(start + drop));
        } catch (error) {
          expect(error).toBeInstanceOf(PayloadError);
        }
      }),
      RUNS,
    );
  });
});
