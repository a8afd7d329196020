import { describe, expect, it } from '@jest/globals';
import { cacheControl, directives, ownAgeMs } from '../../../../lib/cache/http/cache-control.js';
import { etagOf, hasAlready } from '../../../../lib/cache/http/etag.js';
import { varyNames, withNames } from '../../../../lib/cache/http/vary.js';

describe('Cache-Control', () => {
  it('is read whatever it looks like', () => {
    const found = directives('Public, MAX-AGE = 10 ,no-cache="set-cookie, x", s-maxage="5",, max-age=99');
    expect([...found]).toEqual([
      ['public', ''],
      ['max-age', '10'],
      ['no-cache', 'set-cookie, x'],
      ['s-maxage', '5'],
    ]);
    expect(directives(undefined).size).toBe(0);
    expect([...directives(['no-store', 'max-age=1']).keys()]).toEqual(['no-store', 'max-age']);
    expect(directives('x="no-store"').has('no-store')).toBe(false);
  });

  it.each([
    [undefined, undefined],
    ['public', undefined],
    ['max-age=10', 10_000],
    ['max-age=10, s-maxage=3', 3_000],
    ['max-age=0', 0],
    ['max-age=soon', 0],
    ['max-age=-1', 0],
    ['max-age', 0],
  ])('%s allows %s ms', (header, ms) => {
    expect(ownAgeMs(header)).toBe(ms);
  });

  it('is made of what is left', () => {
    expect(cacheControl(1_999, false)).toBe('public, max-age=1');
    expect(cacheControl(-5, true)).toBe('private, max-age=0');
    expect(cacheControl(Number.POSITIVE_INFINITY, false)).toBe('public, max-age=31536000');
  });
});

describe('ETag', () => {
  it('is the same for the same, and another for anything else', () => {
    const bodies = [{ a: 1 }, { a: 2 }, '{"a":1}', 1, '1', null, [], '', true, Buffer.from('a'), 'a'];
    const tags = bodies.map((body) => etagOf(body, undefined));
    expect(new Set(tags).size).toBe(bodies.length);
    expect(etagOf({ a: 1 }, undefined)).toBe(tags[0]);
    expect(etagOf({ a: 1 }, 'text/x')).not.toBe(tags[0]);
    expect(etagOf({ a: 1n }, undefined)).toBeUndefined();
  });

  it.each([
    ['"a"', 'W/"a"', true],
    ['W/"a"', '"a"', true],
    ['"b", W/"a"', '"a"', true],
    ['"x,y","a"', '"a"', true],
    [' * ', '"a"', true],
    ['"b"', '"a"', false],
    ['a', '"a"', false],
    ['"a', '"a"', false],
    ['', '"a"', false],
    [undefined, '"a"', false],
    ['*', null, false],
  ])('If-None-Match %s knows %s: %s', (header, etag, known) => {
    expect(hasAlready(header, etag)).toBe(known);
  });
});

describe('Vary', () => {
  it('is a list of names, each once', () => {
    expect(varyNames('Origin, accept,ORIGIN,, ')).toEqual(['accept', 'origin']);
    expect(varyNames(['B', 'a, *'])).toEqual(['*', 'a', 'b']);
    expect(varyNames(undefined)).toEqual([]);
  });

  it('gets names that it does not have yet', () => {
    expect(withNames(undefined, ['accept-language'])).toBe('Accept-Language');
    expect(withNames('origin', ['accept', 'origin'])).toBe('origin, Accept');
    expect(withNames('*', ['accept'])).toBe('*');
  });
});
