import { describe, expect, it } from '@jest/globals';
import { decode, encode } from '../../../lib/common/codec.js';
import { PayloadError } from '../../../lib/common/errors.js';
import { same } from './same.js';

const tag = (kind: unknown, content?: unknown): string => `#${JSON.stringify({ $: [kind, content] })}`;

const KINDS = ['u', 'n', 'f', 'd', 'm', 's', 'b', 'a', 't', 'r', 'e', 'o'] as const;

/** Contents that are wrong for nearly every kind. */
const JUNK: readonly unknown[] = [
  null,
  true,
  5,
  1e300,
  'junk!',
  [],
  [1],
  [[]],
  [['a']],
  [[1, 2, 3]],
  {},
  { length: 4_294_967_295 },
  { $: 5 },
  { toString: 5 },
];

function outcome(text: string): unknown {
  try {
    return decode(text, 'payload');
  } catch (error) {
    return error;
  }
}

describe('text of somebody hostile', () => {
  it.each([
    '#{"$":[]}',
    '#{"$":["d"]}',
    '#{"$":["d",5,5]}',
    '#{"$":["d",5],"more":1}',
    '#{"$":null}',
    '#{"$":{"0":"d","1":5,"length":2}}',
    tag(['d'], 5),
    tag('toString', 0),
    tag('__proto__', 0),
    tag('d', '5'),
    tag('d', 9e15),
    tag('d', 0.5),
    tag('n', ''),
    tag('n', '0x10'),
    tag('n', ' 5'),
    tag('n', '5n'),
    tag('n', '-'),
    tag('n', 5),
    tag('n', '9'.repeat(1_048_579)),
    tag('f', '5'),
    tag('f', 'Infinity '),
    tag('b', '!!!!'),
    tag('b', 'YWI'),
    tag('b', '===='),
    tag('a', ['YWI=']),
    tag('t', ['Float64Array', 'YWI=']),
    tag('t', ['SharedArrayBuffer', 'YWI=']),
    tag('t', ['constructor', 'YWI=']),
    tag('t', ['__proto__', 'YWI=']),
    tag('t', ['toString', 'YWI=']),
    tag('t', ['Int8Array']),
    tag('r', ['(', '']),
    tag('r', ['x', 'q']),
    tag('r', ['x', 'gg']),
    tag('r', ['x'.repeat(10_001), '']),
    tag('r', ['x']),
    tag('r', [{}, '']),
    tag('m', [['k']]),
    tag('m', { k: 1 }),
    tag('o', [[{ toString: 'x' }, 1]]),
    tag('o', [['k']]),
    tag('o', [[5, 1]]),
    tag('e', []),
    tag('e', 'Error'),
  ])('is refused as such: %.60s', (text) => {
    expect(outcome(text)).toBeInstanceOf(PayloadError);
    expect(() => decode(text, 'payload')).toThrow(/^payload can't be read: /);
  });

  it.each(KINDS)('is never taken for a %s when it is junk', (kind) => {
    for (const junk of JUNK) {
      for (const text of [
        tag(kind, junk),
        tag(kind, [junk]),
        tag(kind, [junk, junk]),
        tag(kind, [[junk, junk]]),
      ]) {
        const found = outcome(text);
        if (!(found instanceof PayloadError)) expect(encode(decode(encode(found)))).toBe(encode(found));
      }
    }
  });

  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
    ['sets', '{"$":["s",[', ']]}'],
    ['maps', '{"$":["m",[[0,', ']]]}'],
    ['entries', '{"$":["o",[["a",', ']]]}'],
  ])('that nests %s without end breaks no stack', (_, open, close) => {
    for (const marker of ['#', '&']) {
      for (const depth of [600, 100_000]) {
        const text = `${marker}${open.repeat(depth)}0${close.repeat(depth)}`;
        expect(outcome(text)).toBeInstanceOf(PayloadError);
      }
    }
    // The reader of what names a prototype is a recursive one.
    expect(outcome(`[${'['.repeat(200_000)}"__proto__"${']'.repeat(200_000)}]`)).toBeInstanceOf(PayloadError);
  });

  it('is read as deep as values are written', () => {
    let deep: unknown = -0;
    for (let n = 0; n < 500; n++) deep = n % 2 ? [deep] : new Map([['k', deep]]);
    expect(encode(decode(encode(deep)))).toBe(encode(deep));
  });

  it.each(['__proto__', '\\u005f\\u005fproto__'])('sets no prototype by a key %s', (key) => {
    for (const text of [
      `{"${key}":{"evil":1},"a":{"${key}":{"evil":1}}}`,
      `#{"${key}":{"evil":1},"a":{"${key}":{"evil":1}}}`,
      `&{"$":["m",[["k",{"${key}":{"evil":1}}]]]}`,
    ]) {
      const value = decode(text);
      expect(
        JSON.stringify(value instanceof Map ? [...(value as Map<unknown, unknown>)] : value),
      ).not.toContain('evil');
      expect(({} as { evil?: number }).evil).toBeUndefined();
    }
  });

  it('keeps such keys as data when they were written as data', () => {
    const sly = JSON.parse(
      '{"__proto__":{"evil":1},"constructor":{"prototype":{"evil":1}},"toString":1}',
    ) as object;
    for (const value of [sly, { deep: [sly, 1n, /x/] }]) {
      const back = decode(encode(value)) as object;
      expect(same(back, value)).toBe(true);
      expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    }
    expect(({} as { evil?: number }).evil).toBeUndefined();
  });

  it('may hold the longest bigint there is at once', () => {
    const longest = '9'.repeat(1_048_576);
    expect(encode(decode(tag('n', longest)))).toBe(tag('n', longest));
  });
});

describe('a value that is larger than it looks', () => {
  it('is refused before it is written: the same part again and again', () => {
    let bomb: unknown = ['x'];
    for (let n = 0; n < 40; n++) bomb = [bomb, bomb];
    expect(() => encode(bomb, 'payload', 1_000)).toThrow(
      'payload is more than 4000 bytes serialised; at most 1000 are allowed',
    );
  });

  it('is refused before it is written, or looked at: mostly holes', () => {
    const looked = new Error('looked at');
    const holes: unknown[] = [
      {
        toJSON: () => {
          throw looked;
        },
      },
    ];
    holes[4_294_967_294] = 1;
    expect(() => encode(holes, 'payload')).toThrow(/^payload is more than 536870888 bytes serialised/);
  });

  it('is refused before it is written: bytes', () => {
    const bytes = new Float64Array(10_000);
    expect(() => encode({ bytes }, 'payload', 10_000)).toThrow(
      /^payload is more than 40000 bytes serialised/,
    );
  });

  it('is counted exactly up to four times of what is allowed', () => {
    expect(() => encode('x'.repeat(38), 'payload', 10)).toThrow(
      'payload is 40 bytes serialised; at most 10 are',
    );
    expect(() => encode('x'.repeat(39), 'payload', 10)).toThrow(
      'payload is more than 40 bytes serialised; at most 10',
    );
  });
});
