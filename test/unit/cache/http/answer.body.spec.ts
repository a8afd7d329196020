import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { storable } from '../../../../lib/cache/http/answer.body.js';

class User {
  constructor(readonly name: string) {}
}

class Money {
  toJSON(): string {
    return '1.00';
  }
}

const loop: Record<string, unknown> = {};
loop.self = loop;

describe('what is stored of a body', () => {
  it.each([
    [null],
    ['text'],
    [0],
    [true],
    [[1, { a: [new Date(0)] }]],
    [{ a: undefined, b: Object.create(null) as object }],
    [Buffer.from('a')],
    [new Uint8Array(2)],
    [new Map([[1, new Set([2])]])],
  ])('is all of %p', (body) => {
    for (const isOutermost of [true, false]) expect(storable(body, isOutermost)).toEqual({ body });
  });

  it.each([
    [new User('ann'), { name: 'ann' }],
    [[new User('ann')], [{ name: 'ann' }]],
    [
      { price: new Money(), at: new Date(0) },
      { price: '1.00', at: '1970-01-01T00:00:00.000Z' },
    ],
    [{ of: new Map([[1, new User('ann')]]) }, { of: {} }],
  ])('is what is sent of %p when nobody else looks at it', (body, sent) => {
    expect(storable(body, true)).toEqual({ body: sent });
    expect(storable(body, false)).toBe('instance');
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a stream', Readable.from([])],
    ['a stream of the web', new ReadableStream()],
    ['an answer of fetch', new Response('a')],
    ['an error', new Error('a')],
    ['what becomes a text', new Money()],
    ['what has a text in its place', { toJSON: () => 'text' }],
    ['what refers to itself', loop],
    ['a generator', (function* () {})()],
    ['a blob', new Blob(['a'])],
    ['a promise', Promise.resolve(1)],
    ['what JSON can not say', { user: new User('ann'), id: 1n }],
  ])('is nothing of %s', (_, body) => {
    for (const isOutermost of [true, false]) expect(storable(body, isOutermost)).toBe('body');
  });

  it('changes nothing', () => {
    const body = { user: new User('ann') };
    storable(body, true);
    expect(body.user).toBeInstanceOf(User);
  });
});
