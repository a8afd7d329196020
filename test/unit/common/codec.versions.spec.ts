import { describe, expect, it } from '@jest/globals';
import { decode, encode, isNewText } from '../../../lib/common/codec.js';

/** What version 0.1 wrote, byte for byte. Processes of both versions share one Redis while a deploy rolls. */
const WRITTEN_BY_0_1: readonly (readonly [value: unknown, text: string])[] = [
  [undefined, ''],
  [null, 'null'],
  ['#', '"#"'],
  [{ a: [1, 'two', null, true], b: { c: 0.5 } }, '{"a":[1,"two",null,true],"b":{"c":0.5}}'],
  ['\u0000\ud800 🔑', '"\\u0000\\ud800 🔑"'],
  [-0, '#{"$":["f","-0"]}'],
  [[Number.NaN, Infinity, -Infinity], '#[{"$":["f","NaN"]},{"$":["f","Infinity"]},{"$":["f","-Infinity"]}]'],
  [-5n, '#{"$":["n","-5"]}'],
  [{ a: undefined }, '#{"a":{"$":["u",0]}}'],
  [[1, , 3], '#[1,{"$":["u",0]},3]'],
  [{ at: new Date(5) }, '#{"at":{"$":["d",5]}}'],
  [new Date(Number.NaN), '#{"$":["d",null]}'],
  [new Map<unknown, unknown>([['k', 1n]]), '#{"$":["m",[["k",{"$":["n","1"]}]]]}'],
  [new Set(['a', 1]), '#{"$":["s",["a",1]]}'],
  [Buffer.from('ab'), '#{"$":["b","YWI="]}'],
  [new Uint8Array([1, 2, 3]), '#{"$":["a","AQID"]}'],
  [{ $: 1 }, '#{"$":["o",[["$",1]]]}'],
  [JSON.parse('{"__proto__":{"a":1}}'), '#{"$":["o",[["__proto__",{"a":1}]]]}'],
  [new URL('https://a.b/c?d'), '"https://a.b/c?d"'],
  [{ toJSON: () => new Date(5) }, '#{"$":["d",5]}'],
];

const NEW: readonly unknown[] = [
  new Float64Array(1),
  new ArrayBuffer(1),
  new DataView(new ArrayBuffer(1)),
  /x/,
  { deep: [new Map([[new Set([/x/]), 1n]])] },
  [new Date(5), new Int8Array(1)],
];

describe('text of version 0.1', () => {
  it.each(WRITTEN_BY_0_1)('of %p is still written as %s', (value, text) => {
    expect(encode(value)).toBe(text);
    expect(isNewText(text)).toBe(false);
  });

  it.each(WRITTEN_BY_0_1.map(([, text]) => text))('is still read: %s', (text) => {
    expect(encode(decode(text))).toBe(text);
  });

  it('is still read of an error', () => {
    const error = decode('#{"$":["e",["TypeError","no",null]]}') as Error;
    expect(error).toMatchObject({ name: 'TypeError', message: 'no', stack: undefined });
    const numbered = decode('#{"$":["e",[5,42,"at a"]]}') as Error;
    expect(numbered).toMatchObject({ name: '5', message: '42', stack: 'at a' });
  });
});

describe('text that version 0.1 can not read', () => {
  it.each(NEW)('is marked: of %p', (value) => {
    const text = encode(value);
    expect(text).toMatch(/^&/);
    expect(isNewText(text)).toBe(true);
    expect(decode(text)).toStrictEqual(value);
  });

  it('is whatever is framed', () => {
    expect(isNewText('~1z.abc')).toBe(true);
    expect(isNewText('"~"')).toBe(false);
  });
});
