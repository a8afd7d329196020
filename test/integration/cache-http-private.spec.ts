import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, Headers, Ip, Req, Res, type CanActivate } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { ExecutionContext } from '@nestjs/common';
import type { Request as ExpressRequest } from 'express';
import type { FastifyRequest } from 'fastify';
import { PLATFORMS, startHttp, type Answer, type HttpApp } from './cache-http.app.js';

interface Request {
  readonly headers: Record<string, string | undefined>;
  readonly url: string;
  user?: string;
}

interface Response {
  header(name: string, value: string): void;
}

let calls = 0;
const who = ({ headers }: Request): string =>
  headers.authorization ?? headers.cookie ?? headers['x-api-key'] ?? headers['x-forwarded-user'] ?? 'nobody';

@Controller()
class PrivateController {
  @Get('me')
  me(@Req() request: Request) {
    return { who: who(request), calls: ++calls };
  }

  @Get('cookie')
  cookie(@Res({ passthrough: true }) response: Response) {
    response.header('Set-Cookie', `session=${++calls}`);
    return { calls };
  }

  @Get('private')
  @Header('Cache-Control', 'private, max-age=60')
  private() {
    return { calls: ++calls };
  }

  @Get('language')
  language(@Req() { headers }: Request, @Res({ passthrough: true }) response: Response) {
    response.header('Vary', 'Accept-Language');
    return { language: headers['accept-language'] ?? 'none', calls: ++calls };
  }

  @Get('star')
  star(@Res({ passthrough: true }) response: Response) {
    response.header('Vary', '*');
    return { calls: ++calls };
  }

  @Get('tenant')
  tenant(@Headers('x-tenant') tenant: string) {
    return { tenant, calls: ++calls };
  }

  @Get('ip')
  ip(@Ip() ip: string) {
    return { ip, calls: ++calls };
  }

  @Get('host')
  host(@Req() { headers }: Request) {
    return { host: headers.host, calls: ++calls };
  }
}

/** Recognises a user by what no cache knows to be a credential. */
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const token = request.headers['x-token'];
    if (token !== undefined) request.user = token;
    return true;
  }
}

const parsed = ({ text }: Answer): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

async function isCached(http: HttpApp, path: string, headers: Record<string, string> = {}): Promise<boolean> {
  const first = await http.get(path, headers);
  const again = await http.get(path, headers);
  expect(again.status).toBe(200);
  return again.text === first.text;
}

describe.each(PLATFORMS)('what is for one client alone on %s', (platform) => {
  const start = () => startHttp(platform, [PrivateController]);

  it.each([['authorization'], ['cookie'], ['x-api-key'], ['x-forwarded-user']])(
    'is neither stored nor taken from the cache when a request has %s',
    async (name) => {
      const http = await start();
      const mine = await http.get('/me', { [name]: 'ann' });
      expect(mine.headers['x-cache']).toBe('PASS credentials');
      expect(mine.headers['cache-control']).toBeUndefined();
      expect(parsed(await http.get('/me'))).toMatchObject({ who: 'nobody' });
      expect(parsed(await http.get('/me', { [name]: 'ann' }))).toMatchObject({ who: 'ann' });
      expect(parsed(await http.get('/me', { [name]: 'bob' }))).toMatchObject({ who: 'bob' });
      expect(await isCached(http, '/me', { [name]: '' })).toBe(false);
    },
  );

  it('says to other caches that credentials matter', async () => {
    const http = await start();
    expect((await http.get('/me')).headers.vary).toBe(
      'Authorization, Cookie, X-Access-Token, X-Api-Key, X-Auth-Token',
    );
  });

  it('is recognised by a guard', async () => {
    const http = await startHttp(platform, [PrivateController], {
      module: { providers: [{ provide: APP_GUARD, useClass: TokenGuard }] },
    });
    expect(await isCached(http, '/me', { 'x-token': 'ann' })).toBe(false);
    expect(await isCached(http, '/me')).toBe(true);
  });

  it('may show itself by other headers', async () => {
    const http = await startHttp(platform, [PrivateController], { cache: { credentials: ['X-Token'] } });
    expect(await isCached(http, '/me', { 'x-token': 'ann' })).toBe(false);
    expect(await isCached(http, '/me')).toBe(true);
    expect((await http.get('/me')).headers.vary).toContain('X-Token');
  });

  it.each([['cookie'], ['private'], ['star'], ['ip']])('is not shared by /%s', async (path) => {
    const http = await start();
    expect(await isCached(http, `/${path}`)).toBe(false);
  });

  it('is shared by those whom the scope names alike, and by nobody else', async () => {
    const http = await startHttp(platform, [PrivateController], {
      cache: { scope: (request: ExpressRequest | FastifyRequest) => request.headers.authorization },
    });
    const anns = await http.get('/me', { authorization: 'ann' });
    expect(anns.headers['cache-control']).toBe('private, max-age=300');
    expect(anns.headers.vary).toContain('Authorization');
    expect((await http.get('/me', { authorization: 'ann' })).text).toBe(anns.text);
    expect(parsed(await http.get('/me', { authorization: 'bob' }))).toMatchObject({ who: 'bob' });
    expect(await isCached(http, '/me')).toBe(false);
    expect(parsed(await http.get('/me'))).toMatchObject({ who: 'nobody' });
    expect(await isCached(http, '/private', { authorization: 'ann' })).toBe(true);
    const stolen = await http.get('/me', {
      authorization: 'bob',
      'if-none-match': String(anns.headers.etag),
    });
    expect(stolen.status).toBe(200);
  });

  it('has one answer for each value of what Vary names', async () => {
    const http = await start();
    const languages = ['de', 'en', 'de, en', 'fr'];
    const first = new Map<string, string>();
    for (const language of languages) {
      first.set(language, (await http.get('/language', { 'accept-language': language })).text);
    }
    const none = await http.get('/language');
    for (const language of languages) {
      const again = await http.get('/language', { 'accept-language': language });
      expect(again.text).toBe(first.get(language));
      expect(parsed(again)).toMatchObject({ language });
      expect(again.headers['x-cache']).toBe('HIT');
      expect(again.headers.vary).toMatch(/^Accept-Language, /);
    }
    expect(parsed(none)).toMatchObject({ language: 'none' });
    expect((await http.get('/language')).text).toBe(none.text);
  });

  it('counts what parameters are made of', async () => {
    const http = await start();
    const a = await http.get('/tenant', { 'x-tenant': 'a' });
    expect(parsed(await http.get('/tenant', { 'x-tenant': 'b' }))).toMatchObject({ tenant: 'b' });
    expect((await http.get('/tenant', { 'x-tenant': 'a' })).text).toBe(a.text);
    expect(a.headers.vary).toContain('X-Tenant');
  });

  it('counts the host: nobody plants an answer that was made for another', async () => {
    const http = await start();
    await http.get('/host', { host: 'evil.example' });
    const good = await http.get('/host', { host: 'shop.example' });
    expect(parsed(good)).toMatchObject({ host: 'shop.example' });
    expect((await http.get('/host', { host: 'shop.example' })).text).toBe(good.text);
  });

  it('does not get to those who ask for the same at the same time', async () => {
    const http = await start();
    const asked = Array.from({ length: 60 }, (_, at) => {
      const user = `user ${at % 10}`;
      const name = ['authorization', 'cookie', 'accept-language', ''][at % 4] ?? '';
      return {
        user,
        name,
        path: at % 3 === 0 ? '/cookie' : name === 'accept-language' ? '/language' : '/me',
      };
    });
    const answers = await Promise.all(
      asked.map(({ user, name, path }) => http.get(path, name === '' ? {} : { [name]: user })),
    );
    const cookies = answers.map(({ headers }) => headers['set-cookie']).filter((cookie) => cookie);
    expect(new Set(cookies.flat()).size).toBe(asked.filter(({ path }) => path === '/cookie').length);
    answers.forEach((answer, at) => {
      const { user = '', name = '', path = '' } = asked[at] ?? {};
      if (path === '/language') expect(parsed(answer)).toMatchObject({ language: user });
      if (path === '/me') expect(parsed(answer)).toMatchObject({ who: name === '' ? 'nobody' : user });
    });
  });
});
