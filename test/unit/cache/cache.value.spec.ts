import { describe, expect, it } from '@jest/globals';
import { CachedValue } from '../../../lib/cache/cache.value.js';
import { encode } from '../../../lib/common/codec.js';
import { PayloadError } from '../../../lib/common/errors.js';

const valueOf = (value: unknown): CachedValue => new CachedValue(encode(value));
const PRODUCT = { id: 1, name: 'Lamp', tags: ['a', 'b'], owner: { name: 'Ann', roles: [{ of: null }] } };

describe('a cached value, copied', () => {
  it('gives everybody an equal value of his own, in depth', () => {
    const value = valueOf(PRODUCT);
    const [one, two] = [value.copy() as typeof PRODUCT, value.copy() as typeof PRODUCT];

    expect(one).toEqual(PRODUCT);
    expect(two).toEqual(PRODUCT);
    expect(one).not.toBe(two);
    expect(one.tags).not.toBe(two.tags);
    expect(one.owner).not.toBe(two.owner);
    expect(one.owner.roles).not.toBe(two.owner.roles);
    expect(one.owner.roles[0]).not.toBe(two.owner.roles[0]);
  });

  it('is not changed by what anybody does with his copy', () => {
    const value = valueOf(PRODUCT);
    for (let time = 0; time < 3; time++) {
      const copy = value.copy() as typeof PRODUCT & { more?: boolean };
      copy.name = 'Table';
      copy.tags.push('c');
      copy.owner.roles.length = 0;
      copy.more = true;
    }

    expect(value.copy()).toEqual(PRODUCT);
  });

  it('can be changed although others have the frozen one', () => {
    const value = valueOf(PRODUCT);
    value.shared();
    const copy = value.copy() as typeof PRODUCT;
    copy.name = 'Table';
    copy.tags.push('c');
    copy.owner.roles.push({ of: null });

    expect(value.shared()).toEqual(PRODUCT);
    expect(value.copy()).toEqual(PRODUCT);
  });

  it.each([
    ...[null, 0, -1.5, '', 'text', true, false, [], {}, [[]], [null, 'a', { b: [] }]],
    ...[{ a: { b: { c: { d: [1, [2, [3]]] } } } }, 'null', Array.from({ length: 100 }, (_, id) => ({ id }))],
  ])('is the same as what was written: %j', (value) => {
    const cached = valueOf(value);

    expect(cached.copy()).toEqual(value);
    expect(cached.copy()).toEqual(value);
    expect(cached.shared()).toEqual(value);
  });
});

describe('a cached value, shared', () => {
  it('is the same for everybody, frozen in depth', () => {
    const value = valueOf(PRODUCT);
    const shared = value.shared() as typeof PRODUCT;

    expect(value.shared()).toBe(shared);
    for (const part of [shared, shared.tags, shared.owner, shared.owner.roles, shared.owner.roles[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(() => (shared.name = 'Table')).toThrow(TypeError);
    expect(() => shared.owner.roles.push({ of: null })).toThrow(TypeError);
    expect(shared).toEqual(PRODUCT);
  });

  it('does not freeze what was copied before', () => {
    const value = valueOf(PRODUCT);
    const copy = value.copy() as typeof PRODUCT;
    value.shared();
    copy.owner.name = 'Ben';

    expect(value.shared()).toEqual(PRODUCT);
  });
});

describe('a cached value that is no plain data', () => {
  const values: readonly (readonly [string, unknown, (value: never) => void])[] = [
    ['a date', new Date(5), (value: Date) => void value.setTime(7)],
    ['a map', new Map([['a', { n: 1 }]]), (value: Map<string, unknown>) => void value.clear()],
    ['a set', new Set(['a']), (value: Set<string>) => void value.add('b')],
    ['bytes', Buffer.from('abc'), (value: Buffer) => void value.fill(0)],
    ['one deep inside', { a: [{ at: new Date(5) }] }, (value: { a: unknown[] }) => void value.a.pop()],
    ['a big integer', { n: 12n }, (value: { n: unknown }) => void (value.n = 1)],
    ['what is missing', { a: undefined }, (value: { a: unknown }) => void (value.a = 1)],
  ];

  it.each(values)('gives everybody a copy of %s, in both modes', (_, value, change) => {
    for (const ask of ['copy', 'shared'] as const) {
      const cached = valueOf(value);
      cached.check();
      const [one, two] = [cached[ask](), cached[ask]()];
      expect(one).toEqual(value);
      expect(one).not.toBe(two);

      change(one as never);
      change(two as never);

      expect(cached[ask]()).toEqual(value);
    }
  });
});

describe('a cached value of text that somebody else has written', () => {
  it.each(['{', 'abc', '#{', '#nothing', '\ud800', 'undefined', '[1,]'])('refuses %j', (text) => {
    const value = new CachedValue(text);

    expect(() => value.check()).toThrow(PayloadError);
    expect(() => value.copy()).toThrow(PayloadError);
    expect(() => value.shared()).toThrow(PayloadError);
  });

  it('reads any JSON', () => {
    expect(new CachedValue(' { "a" : [ 1, 2 ] } ').copy()).toEqual({ a: [1, 2] });
  });

  it.each([
    '{"__proto__":{"polluted":true},"a":1}',
    '{"a":1,"b":{"__proto__":{"polluted":true}}}',
    '{"\\u005f_proto__":{"polluted":true},"a":1}',
    '[{"constructor":{"prototype":{"polluted":true}},"__proto__":[]}]',
    '#{"__proto__":{"polluted":true}}',
  ])('is polluted by nothing, and pollutes nothing: %s', (text) => {
    for (const ask of ['copy', 'shared', 'copy'] as const) {
      let found: unknown;
      try {
        found = new CachedValue(text)[ask]();
      } catch (error) {
        expect(error).toBeInstanceOf(PayloadError);
        continue;
      }
      for (const part of parts(found)) {
        expect([Object.prototype, Array.prototype]).toContain(Object.getPrototypeOf(part));
        expect('polluted' in part && !Object.hasOwn(part, 'polluted')).toBe(false);
      }
      expect('polluted' in {}).toBe(false);
    }
  });

  it('refuses what is nested deeper than can be copied', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = (levels: number): CachedValue =>
        new CachedValue(`${open.repeat(levels)}1${close.repeat(levels)}`);

      expect(() => nested(200).copy()).not.toThrow();
      expect(() => nested(100_000).copy()).toThrow(PayloadError);
      expect(() => nested(100_000).shared()).toThrow(PayloadError);
    }
  });
});

function parts(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(parts)];
}
