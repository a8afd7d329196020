import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  ClassSerializerInterceptor,
  Controller,
  Get,
  Injectable,
  Logger,
  UseInterceptors,
  VersioningType,
  type CallHandler,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type Provider,
} from '@nestjs/common';
import { APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import { CacheInterceptor, CacheKey, CacheTTL } from 'nestjs-depot';
import { Exclude } from 'class-transformer';
import { map, type Observable } from 'rxjs';
import { PLATFORMS, startHttp, type HttpAppOptions } from './cache-http.app.js';

let calls = 0;

class User {
  @Exclude() password = 'secret';
  calls = ++calls;
  born = new Date(0);
}

@Controller()
class UserController {
  @Get('user')
  user() {
    return new User();
  }

  @Get('users')
  users() {
    return { users: [new User()], more: { at: new Date(0) } };
  }

  @Get('plain')
  plain() {
    return { calls: ++calls };
  }

  @Get('bytes')
  bytes() {
    return { bytes: Buffer.from([++calls]), odd: new Map([[1, 2]]), none: undefined };
  }
}

@Controller('own')
@UseInterceptors(CacheInterceptor.with({ ttl: '7s', report: true }))
class OwnController {
  @Get()
  all() {
    return { calls: ++calls };
  }

  @Get('both')
  @UseInterceptors(CacheInterceptor.with({ ttl: '9s', report: true }))
  both() {
    return { calls: ++calls };
  }
}

@Controller('same')
@UseInterceptors(CacheInterceptor)
@CacheTTL('70s')
@CacheKey('same')
class SameController {
  @Get()
  @UseInterceptors(CacheInterceptor)
  all() {
    return { calls: ++calls };
  }

  @Get('other')
  @CacheTTL('80s')
  other() {
    return { other: ++calls };
  }
}

@Controller({ path: 'versions', version: '1' })
class VersionsController {
  @Get()
  all() {
    return { version: 1, calls: ++calls };
  }
}

const Later = (() => {
  @Controller({ path: 'versions', version: '2' })
  class VersionsController {
    @Get()
    all() {
      return { version: 2, calls: ++calls };
    }
  }
  return VersionsController;
})();

/** What many applications have: all answers in one envelope. */
@Injectable()
class Envelope implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler<{ calls: number }>): Observable<unknown> {
    return next.handle().pipe(map((data) => ({ data, calls: data.calls })));
  }
}

/** Marks every answer that a handler gives with what belongs to the request. */
@Injectable()
class Tracing implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response = context.switchToHttp().getResponse<{ header(name: string, value: string): void }>();
    response.header('X-Request-Id', String(++calls));
    response.header('X-Inner', 'yes');
    return next.handle();
  }
}

const serializer = {
  provide: APP_INTERCEPTOR,
  useFactory: () => new ClassSerializerInterceptor(new Reflector()),
};
const cache = { provide: APP_INTERCEPTOR, useClass: CacheInterceptor.with({ report: true }) };
const inOrder = (...providers: Provider[]): HttpAppOptions => ({ cache: false, module: { providers } });

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(PLATFORMS)('CacheInterceptor in an application on %s', (platform) => {
  it('keeps what interceptors inside have made of an instance', async () => {
    const http = await startHttp(platform, [UserController], inOrder(cache, serializer));
    for (const path of ['/user', '/users']) {
      const first = await http.get(path);
      const again = await http.get(path);
      expect([first.headers['x-cache'], again.headers['x-cache']]).toEqual(['MISS', 'HIT']);
      expect(again.text).toBe(first.text);
      expect(again.text).not.toContain('secret');
    }
  });

  it('does not keep an instance that interceptors outside would look at, and says so once', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const http = await startHttp(platform, [UserController], inOrder(serializer, cache));
    for (const path of ['/user', '/users', '/user']) {
      const first = await http.get(path);
      const again = await http.get(path);
      expect(again.headers['x-cache']).toBe('PASS instance');
      expect(again.text).not.toBe(first.text);
      expect(first.text + again.text).not.toContain('secret');
    }
    const warnings = warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('cached'));
    expect(warnings).toEqual([
      expect.stringMatching(/^UserController\.user is not cached: it returns instances of classes/),
      expect.stringMatching(/^UserController\.users is not cached/),
    ]);
    expect((await http.get('/plain')).text).toBe((await http.get('/plain')).text);
  });

  it('keeps an instance as it is sent when nothing is outside', async () => {
    const http = await startHttp(platform, [UserController]);
    for (const path of ['/user', '/users', '/bytes']) {
      const first = await http.get(path);
      const again = await http.get(path);
      expect([path, again.headers['x-cache'], again.text]).toEqual([path, 'HIT', first.text]);
      expect(again.headers['content-type']).toBe(first.headers['content-type']);
    }
  });

  it('gives interceptors outside what they expect, also for a 304', async () => {
    const envelope = { provide: APP_INTERCEPTOR, useClass: Envelope };
    const http = await startHttp(platform, [UserController], inOrder(envelope, cache));
    const first = await http.get('/plain');
    expect(JSON.parse(first.text)).toEqual({ data: { calls }, calls });
    expect((await http.get('/plain')).text).toBe(first.text);
    const known = await http.get('/plain', { 'if-none-match': String(first.headers.etag) });
    expect([known.status, known.text]).toEqual([304, '']);
  });

  it('sends no header of another request', async () => {
    const http = await startHttp(
      platform,
      [UserController],
      inOrder(cache, { provide: APP_INTERCEPTOR, useClass: Tracing }),
    );
    const first = await http.get('/plain');
    const again = await http.get('/plain');
    expect(first.headers['x-request-id']).toBeDefined();
    expect([again.headers['x-inner'], again.headers['x-request-id']]).toEqual(['yes', undefined]);
  });

  it('lets the innermost of several cache', async () => {
    const http = await startHttp(platform, [OwnController, SameController]);
    expect((await http.get('/own')).headers['cache-control']).toBe('public, max-age=7');
    expect((await http.get('/own')).headers['x-cache']).toBe('HIT');
    expect((await http.get('/own/both')).headers['cache-control']).toBe('public, max-age=9');
    expect((await http.get('/own/both')).headers['x-cache']).toBe('HIT');
    const first = await http.get('/same');
    expect(first.headers['cache-control']).toBe('public, max-age=70');
    expect((await http.get('/same')).text).toBe(first.text);
  });

  it('keeps the handlers of a controller with a key apart', async () => {
    const http = await startHttp(platform, [SameController], { cache: false });
    const all = await http.get('/same');
    const other = await http.get('/same/other');
    expect(other.text).toContain('other');
    expect(other.headers['cache-control']).toBe('public, max-age=80');
    expect((await http.get('/same?page=2')).text).toBe(all.text);
    expect(await http.cache.namespace('http').delete('same:all')).toBe(true);
  });

  it.each([
    ['a header', { type: VersioningType.HEADER, header: 'X-Version' } as const, 'x-version', '', 'X-Version'],
    [
      'the media type',
      { type: VersioningType.MEDIA_TYPE, key: 'v=' } as const,
      'accept',
      'application/json;v=',
      'Accept',
    ],
  ])('keeps versions apart that %s names', async (_, versioning, header, prefix, vary) => {
    const http = await startHttp(platform, [VersionsController, Later], {
      prepare: (app: INestApplication) => void app.enableVersioning(versioning),
    });
    for (const version of [1, 2, 1, 2]) {
      const answer = await http.get('/versions', { [header]: `${prefix}${version}` });
      expect(JSON.parse(answer.text)).toMatchObject({ version });
      expect(answer.headers.vary).toContain(vary);
    }
    expect((await http.get('/versions', { [header]: `${prefix}2` })).headers['x-cache']).toBe('HIT');
  });

  it('allows each origin what it allows it', async () => {
    const http = await startHttp(platform, [UserController], {
      prepare: (app: INestApplication) => app.enableCors({ origin: true }),
    });
    for (const origin of ['https://a.example', 'https://b.example', 'https://a.example']) {
      const answer = await http.get('/plain', { origin });
      expect(answer.headers['access-control-allow-origin']).toBe(origin);
      expect(answer.headers.vary).toContain('Origin');
    }
  });

  it('forgets what has a tag', async () => {
    const http = await startHttp(platform, [UserController], {
      cache: { tags: (request) => ['plain', request.url] },
    });
    const first = await http.get('/plain');
    await http.cache.invalidateTags('/bytes');
    expect((await http.get('/plain')).text).toBe(first.text);
    await http.cache.invalidateTags('/plain');
    expect((await http.get('/plain')).text).not.toBe(first.text);
  });
});
