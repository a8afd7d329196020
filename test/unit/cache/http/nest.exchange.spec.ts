import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { exchangeOf } from '../../../../lib/cache/http/nest/nest.exchange.js';

const adapter = {
  getRequestMethod: ({ method }: { method: string }) => method,
  getRequestUrl: ({ url }: { url: string }) => url,
} as unknown as HttpAdapterHost['httpAdapter'];

function exchange(request: object, response: object = {}) {
  const http = {
    getRequest: () => ({ method: 'GET', url: '/', headers: { host: 'shop.example:80' }, ...request }),
    getResponse: () => response,
  };
  return exchangeOf({ switchToHttp: () => http } as unknown as ExecutionContext, adapter);
}

const withCertificate = (certificate: unknown) => ({ socket: { getPeerCertificate: () => certificate } });

describe('what is seen of a request', () => {
  it.each([
    ['a user', { user: { id: 1 } }, true],
    ['a user that is a text', { user: 'ann' }, true],
    ['what a token says', { auth: { sub: 1 } }, true],
    ['a certificate', withCertificate({ subject: { CN: 'ann' } }), true],
    ['no certificate', withCertificate({}), false],
    ['a socket that is closed', withCertificate(null), false],
    ['a plain socket', { socket: {} }, false],
    ['a place for a user', { user: null, auth: undefined }, false],
    ['nothing', {}, false],
  ])('is whether %s shows who sent it', (_, request, isKnownUser) => {
    expect(exchange(request).isKnownUser).toBe(isKnownUser);
  });

  it('is the host that the client has asked', () => {
    expect(exchange({}).origin).toBe('http://shop.example:80');
    expect(exchange({ protocol: 'https', host: 'public.example' }).origin).toBe('https://public.example');
    expect(exchange({ headers: {} }).origin).toBe('http://');
  });

  it('is a copy of the headers that are set, by lower-case name', () => {
    const cookies = ['a=1'];
    const response = { getHeaders: () => ({ 'Set-Cookie': cookies, Age: 1, gone: undefined }) };
    const headers = exchange({}, response).answer.headers();
    cookies.push('b=2');
    expect([...headers]).toEqual([
      ['set-cookie', ['a=1']],
      ['age', 1],
    ]);
  });

  it("knows the answer's own objects", () => {
    const raw = {};
    const response = { raw };
    const { answer } = exchange({}, response);
    expect([response, raw, {}, undefined, null].map(answer.isSender)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(exchange({}, {}).answer.isSender(undefined)).toBe(false);
  });
});
