import { describe, expect, it } from '@jest/globals';
import { Controller, Get, type ExecutionContext } from '@nestjs/common';
import { CacheInterceptor, CacheKey, CacheTTL, DepotConfigError } from 'nestjs-depot';
import { of } from 'rxjs';
import { startHttp } from './cache-http.app.js';

@Controller()
class PlainController {
  @Get()
  plain() {
    return { plain: true };
  }
}

describe('CacheInterceptor', () => {
  it('does not start with a cache that nobody has registered', async () => {
    await expect(startHttp('express', [PlainController], { cache: { cache: 'lost' } })).rejects.toThrow(
      /cache "lost" is not registered/,
    );
  });

  it.each([
    [{ ttl: -1 }, 'ttl is -1'],
    [{ grace: 'soon' }, 'grace is "soon"'],
    [{ jitter: 2 }, 'jitter is 2'],
    [{ timeout: { hard: 0 } }, 'timeout.hard is 0'],
    [{ scope: 'user' }, 'scope is "user"'],
    [{ tags: 'one' }, 'tags is "one"'],
    [{ vary: [1] }, 'vary is an array'],
    [{ credentials: 'x' }, 'credentials is "x"'],
    [{ cache: '' }, 'cache is ""'],
    [{ heedClient: 1 }, 'heedClient is 1'],
    [{ max: 1 }, "has no option 'max'"],
  ])('refuses %j', (options, message) => {
    const attempt = () => CacheInterceptor.with(options as never);
    expect(attempt).toThrow(DepotConfigError);
    expect(attempt).toThrow(message);
  });

  it('refuses keys and ttls that are none', () => {
    expect(() => CacheKey('')).toThrow(DepotConfigError);
    expect(() => CacheKey(1 as never)).toThrow(DepotConfigError);
    expect(() => CacheTTL('soon' as never)).toThrow(DepotConfigError);
    expect(CacheKey.of('user', 42, 'a:b')).toBe('user:42:a%3Ab');
  });

  it('keeps answers as long as the cache keeps values, if nobody says', async () => {
    const app = await startHttp('express', [PlainController], { depot: { cache: { ttl: '90s' } } });
    expect((await app.get('/')).headers['cache-control']).toBe('public, max-age=90');
  });

  it('has nothing to do with what is no HTTP', () => {
    const handled = of(1);
    const interceptor = new CacheInterceptor({} as never, {} as never, {} as never);
    const context = { getType: () => 'rpc' } as unknown as ExecutionContext;
    expect(interceptor.intercept(context, { handle: () => handled })).toBe(handled);
  });
});
