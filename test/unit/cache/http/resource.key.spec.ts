import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fitting, resourceKey, variantOf } from '../../../../lib/cache/http/resource.key.js';
import type { HttpRequest } from '../../../../lib/cache/http/http.message.js';

const key = (url: string): string => resourceKey('Cats.list', 'https://shop.example', url);
const request = (headers: HttpRequest['headers'] = {}): HttpRequest => ({ method: 'GET', url: '/', headers });

describe('the key of a resource', () => {
  it('can be read', () => {
    expect(key('/cats?b=2&a=1')).toBe('Cats.list:https://shop.example/cats?a=1&b=2');
    expect(key('/cats')).toBe('Cats.list:https://shop.example/cats');
    expect(key('/cats?')).toBe(key('/cats'));
  });

  it.each([
    ['/?a=1&b=2', '/?b=2&a=1'],
    ['/?a=1&b=2&a=3', '/?a=1&a=3&b=2'],
    ['/?b&a', '/?a&b'],
    ['/?a=1&&b=2&', '/?b=2&a=1'],
    ['/?x=?&a=1', '/?a=1&x=?'],
  ])('is the same for %s and %s', (one, other) => {
    expect(key(one)).toBe(key(other));
  });

  it.each([
    ['/?a=1&a=2', '/?a=2&a=1'],
    ['/?a=1&a[]=2', '/?a[]=2&a=1'],
    ['/?a=1&%61=2', '/?%61=2&a=1'],
    ['/?a[x]=1&a[y]=2', '/?a[y]=2&a[x]=1'],
    ['/?a.b=1&a=2', '/?a=2&a.b=1'],
    ['/?[a]=1&a=2', '/?a=2&[a]=1'],
    ['/?a%5B%5D=1&a=2', '/?a=2&a%5B%5D=1'],
    ['/?a+b=1&a%20b=2', '/?a%20b=2&a+b=1'],
    ['/?a=1', '/?A=1'],
    ['/?a=1', '/a=1'],
    ['/?a=', '/?a'],
    ['/a/b', '/a%2Fb'],
    ['/a', '/a/'],
    ['/?a=1&b=2', '/?a=1%26b=2'],
  ])('is another one for %s than for %s', (one, other) => {
    expect(key(one)).not.toBe(key(other));
  });

  it('does not depend on the order of parameters of different names, and loses none', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        names,
        fc.array(fc.nat(9), { minLength: 6, maxLength: 6 }),
        fc.nat(),
        (all, values, seed) => {
          const pieces = all.map((name, at) => `${name}=${values[at] ?? 0}`);
          const turned = [...pieces.slice(seed % pieces.length), ...pieces.slice(0, seed % pieces.length)];
          expect(key(`/?${turned.join('&')}`)).toBe(key(`/?${pieces.join('&')}`));
          for (const piece of pieces) expect(key(`/?${pieces.join('&')}`)).toContain(piece);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('stays short enough for a variant, and different', () => {
    const long = key(`/${'a'.repeat(5_000)}`);
    expect(long).not.toBe(key(`/${'a'.repeat(5_001)}`));
    expect(variantOf(long, 'ann', [], request()).key.length).toBeLessThanOrEqual(1_024);
    expect(fitting('short')).toBe('short');
  });
});

describe('a variant', () => {
  it('is the resource itself where nothing is told apart', () => {
    expect(variantOf('cats', undefined, [], request({ accept: 'x' })).key).toBe('cats');
  });

  it('is another one for other scopes, headers and resources', () => {
    const de = request({ 'accept-language': 'de' });
    const en = request({ 'accept-language': 'en' });
    const all = [
      variantOf('cats', undefined, [], de),
      variantOf('dogs', undefined, [], de),
      variantOf('cats', 'ann', [], de),
      variantOf('cats', 'bob', [], de),
      variantOf('cats', '', [], de),
      variantOf('cats', undefined, ['accept-language'], de),
      variantOf('cats', undefined, ['accept-language'], en),
      variantOf('cats', undefined, ['accept-language'], request()),
      variantOf('cats', undefined, ['accept-language'], request({ 'accept-language': '' })),
      variantOf('cats', 'ann', ['accept-language'], de),
      variantOf('cats', undefined, ['accept-language', 'origin'], de),
    ];
    expect(new Set(all.map(({ key: at }) => at)).size).toBe(all.length);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  it('names no secret', () => {
    const { key: at, id } = variantOf('cats', 'token-1', ['cookie'], request({ cookie: 'session=2' }));
    expect(at + id).not.toMatch(/token|session/);
  });

  it('can not be mistaken for a resource whose key looks like its own', () => {
    const anns = variantOf('cats', 'ann', [], request());
    const forged = variantOf(anns.key, undefined, [], request());
    expect(forged.key).toBe(anns.key);
    expect(forged.id).not.toBe(anns.id);
  });
});
