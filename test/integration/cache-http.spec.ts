import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, HttpCode, Param, Query, Res } from '@nestjs/common';
import { CacheKey, CacheTTL, NoCache } from 'nestjs-depot';
import { PLATFORMS, startHttp } from './cache-http.app.js';

interface Response {
  header(name: string, value: string): void;
  status(code: number): void;
}

let calls = 0;

@Controller('rates')
class RatesController {
  @Get()
  all(@Query() query: Record<string, string>) {
    return { calls: ++calls, query };
  }

  @Get('text')
  text() {
    return `text ${++calls}`;
  }

  @Get('described')
  @Header('Content-Language', 'de')
  @HttpCode(203)
  described(@Res({ passthrough: true }) response: Response) {
    response.header('X-Total-Count', String(++calls));
    response.header('Link', '</rates?page=2>; rel="next"');
    return [1, 2];
  }

  @Get('short')
  @CacheTTL('90s')
  short() {
    return ++calls;
  }

  @Get('none')
  @NoCache()
  none() {
    return { calls: ++calls };
  }

  @Get('keyed/:id')
  @CacheKey('keyed')
  keyed() {
    return { calls: ++calls };
  }

  @Get('of/:id')
  @CacheKey((request) => CacheKey.of('rate', request.url.endsWith('eur') ? 'eur' : 'usd'))
  ofId(@Param('id') id: string) {
    return { calls: ++calls, id };
  }

  @Get('now')
  now() {
    return { at: new Date(86_400_000), calls: ++calls, nothing: null, missing: undefined };
  }
}

describe.each(PLATFORMS)('CacheInterceptor on %s', (platform) => {
  const start = () => startHttp(platform, [RatesController]);

  it('answers again what was asked already', async () => {
    const http = await start();
    const first = await http.get('/rates?a=1&b=2');
    const again = await http.get('/rates?a=1&b=2');
    expect(first.status).toBe(200);
    expect(first.headers['x-cache']).toBe('MISS');
    expect(again.headers['x-cache']).toBe('HIT');
    expect(again.text).toBe(first.text);
    expect(again.headers['content-type']).toBe(first.headers['content-type']);
    expect(again.headers.etag).toBe(first.headers.etag);
    expect(first.headers['cache-control']).toBe('public, max-age=300');
    expect(again.headers['cache-control']).toMatch(/^public, max-age=(300|299)$/);
    expect(again.headers.vary).toBe(first.headers.vary);
  });

  it('takes the order of parameters for nothing, but what they are', async () => {
    const http = await start();
    const { text } = await http.get('/rates?a=1&b=2&b=1');
    expect((await http.get('/rates?b=2&a=1&b=1')).text).toBe(text);
    expect((await http.get('/rates?b=1&a=1&b=2')).text).not.toBe(text);
    expect((await http.get('/rates?a=1&b=2')).text).not.toBe(text);
  });

  it('keeps texts, statuses and headers as the handler has set them', async () => {
    const http = await start();
    const text = await http.get('/rates/text');
    const sameText = await http.get('/rates/text');
    expect([sameText.text, sameText.headers['content-type']]).toEqual([
      text.text,
      text.headers['content-type'],
    ]);
    const first = await http.get('/rates/described');
    const again = await http.get('/rates/described');
    expect(again.headers['x-cache']).toBe('HIT');
    expect(again.status).toBe(203);
    for (const name of [
      'x-total-count',
      'link',
      'content-language',
      'content-type',
      'etag',
      'content-length',
    ]) {
      expect([name, again.headers[name]]).toEqual([name, first.headers[name]]);
    }
    expect(again.text).toBe('[1,2]');
  });

  it('sends dates and nothing as the handler did', async () => {
    const http = await start();
    const first = await http.get('/rates/now');
    expect((await http.get('/rates/now')).text).toBe(first.text);
    expect(first.text).toContain('1970-01-02T00:00:00.000Z');
  });

  it('says 304 to whoever has it already, and gives it to whoever has another', async () => {
    const http = await start();
    const { headers } = await http.get('/rates');
    const etag = String(headers.etag);
    expect(etag).toMatch(/^W\/"[\w-]{27}"$/);
    for (const tag of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      const known = await http.get('/rates', { 'If-None-Match': tag });
      expect([tag, known.status, known.text]).toEqual([tag, 304, '']);
      expect(known.headers.etag).toBe(etag);
      expect(known.headers['cache-control']).toMatch(/^public, max-age=\d+$/);
      expect(known.headers.vary).toBe(headers.vary);
    }
    const other = await http.get('/rates', { 'If-None-Match': '"other"' });
    expect(other.status).toBe(200);
    expect(other.text).not.toBe('');
  });

  it('says 304 also when the handler has just run', async () => {
    const http = await start();
    const { headers } = await http.get('/rates/described?page=1');
    await http.cache.clear();
    calls--;
    const known = await http.get('/rates/described?page=1', { 'If-None-Match': String(headers.etag) });
    expect([known.status, known.headers['x-cache'], known.text]).toEqual([304, 'MISS', '']);
  });

  it('answers HEAD like GET, without a body, and takes nothing from it', async () => {
    const http = await start();
    const miss = await http.head('/rates/text');
    expect([miss.status, miss.headers['x-cache'], miss.text]).toEqual([200, 'MISS', '']);
    expect(miss.headers.etag).toBeDefined();
    const get = await http.get('/rates/text');
    expect(get.headers['x-cache']).toBe('MISS');
    const head = await http.head('/rates/text');
    expect([head.status, head.headers['x-cache'], head.text]).toEqual([200, 'HIT', '']);
    for (const name of ['etag', 'content-type', 'content-length', 'vary']) {
      expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
    }
    const known = await http.head('/rates/text', { 'If-None-Match': String(get.headers.etag) });
    expect(known.status).toBe(304);
  });

  it('heeds what the decorators say', async () => {
    const http = await start();
    expect((await http.get('/rates/short')).headers['cache-control']).toBe('public, max-age=90');
    const none = await http.get('/rates/none');
    expect((await http.get('/rates/none')).text).not.toBe(none.text);
    expect(none.headers['cache-control']).toBeUndefined();
    const keyed = await http.get('/rates/keyed/1');
    expect((await http.get('/rates/keyed/2')).text).toBe(keyed.text);
    const eur = await http.get('/rates/of/eur');
    expect((await http.get('/rates/of/usd')).text).not.toBe(eur.text);
    expect((await http.get('/rates/of/eur')).text).toBe(eur.text);
    expect(await http.cache.namespace('http').delete('keyed')).toBe(true);
    expect((await http.get('/rates/keyed/2')).text).not.toBe(keyed.text);
  });
});
