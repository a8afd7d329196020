import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import {
  All,
  Controller,
  Get,
  Header,
  Head,
  HttpCode,
  NotFoundException,
  Post,
  Redirect,
  Req,
  Res,
  Sse,
  StreamableFile,
} from '@nestjs/common';
import { CacheTTL } from 'nestjs-depot';
import { from, of, type Observable } from 'rxjs';
import { PLATFORMS, startHttp } from './cache-http.app.js';

interface Response {
  header(name: string, value: string): void;
  status(code: number): void;
  send(body: unknown): void;
}

let calls = 0;

@Controller()
class OddController {
  @Get('missing')
  missing() {
    throw new NotFoundException(`${++calls}`);
  }

  @Get('broken')
  broken() {
    throw new Error(`${++calls}`);
  }

  @Get('accepted')
  @HttpCode(404)
  notFound() {
    return { calls: ++calls };
  }

  @Get('part')
  part(@Res({ passthrough: true }) response: Response) {
    response.status(206);
    return { calls: ++calls };
  }

  @Get('file')
  file() {
    return new StreamableFile(Readable.from([`file ${++calls}`]));
  }

  @Get('own')
  own(@Res() response: Response) {
    response.send(`own ${++calls}`);
  }

  @Get('early')
  early(@Res() response: Response) {
    setImmediate(() => response.send(`early ${++calls}`));
    return { never: 'sent' };
  }

  @Get('nothing')
  nothing() {
    calls++;
  }

  @Get('no-store')
  @Header('Cache-Control', 'no-store')
  noStore() {
    return { calls: ++calls };
  }

  @Get('no-cache')
  noCache(@Res({ passthrough: true }) response: Response) {
    response.header('Cache-Control', 'max-age=10, no-cache');
    return { calls: ++calls };
  }

  @Get('spent')
  @Header('Cache-Control', 'max-age=0')
  spent() {
    return { calls: ++calls };
  }

  @Get('never')
  @CacheTTL(0)
  never() {
    return { calls: ++calls };
  }

  @Get('redirected')
  @Redirect('/nothing')
  redirected() {
    return { url: `/to/${++calls}` };
  }

  @Get('several')
  several(): Observable<number> {
    return from([1, 2, ++calls]);
  }

  @Get('unwritable')
  unwritable() {
    return { calls: ++calls, toJSON: () => `written ${calls}` };
  }

  @Sse('events')
  events(): Observable<{ data: string }> {
    return of({ data: `event ${++calls}` });
  }

  @Get('one')
  one(): Observable<{ calls: number }> {
    return of({ calls: ++calls });
  }

  @Get('plain')
  plain() {
    return { calls: ++calls };
  }

  @Post('plain')
  post() {
    return { calls: ++calls };
  }

  @Head('told')
  headTold(@Res({ passthrough: true }) response: Response) {
    response.header('X-Calls', String(++calls));
    return '';
  }

  @Get('told')
  told() {
    return { calls: ++calls };
  }

  @All('all')
  all(@Req() { method }: { method: string }) {
    return method === 'HEAD' ? '' : { calls: ++calls };
  }
}

describe.each(PLATFORMS)('CacheInterceptor on %s', (platform) => {
  const start = () => startHttp(platform, [OddController]);

  it.each([
    ['missing', 404, '@'],
    ['broken', 500, '@'],
    ['accepted', 404, 'PASS status'],
    ['part', 206, 'PASS status'],
    ['file', 200, 'PASS body'],
    ['own', 200, 'PASS @Res'],
    ['early', 200, 'PASS @Res'],
    ['nothing', 200, 'PASS body'],
    ['no-store', 200, 'PASS cache-control'],
    ['no-cache', 200, 'PASS cache-control'],
    ['spent', 200, 'MISS'],
    ['never', 200, 'PASS ttl'],
    ['redirected', 302, 'PASS redirect'],
    ['several', 200, 'PASS stream'],
    ['unwritable', 200, 'PASS body'],
    ['events', 200, 'PASS stream'],
  ])('does not cache GET /%s', async (path, status, why) => {
    const http = await start();
    const before = calls;
    const first = await http.get(`/${path}`);
    const again = await http.get(`/${path}`);
    expect([first.status, again.status]).toEqual([status, status]);
    expect(calls).toBe(before + 2);
    if (why !== '@' && path !== 'events') expect(again.headers['x-cache']).toBe(why);
    if (!['own', 'early', 'nothing', 'redirected', 'broken'].includes(path)) {
      expect(again.text).not.toBe(first.text);
    }
    expect(again.text).not.toContain('never');
  });

  it('caches what an Observable brings, if it is one value', async () => {
    const http = await start();
    const { text } = await http.get('/one');
    expect((await http.get('/one')).text).toBe(text);
    expect(text).toBe(`{"calls":${calls}}`);
  });

  it.each([['range'], ['if-range'], ['if-match'], ['if-unmodified-since']])(
    'leaves a request with %s alone',
    async (name) => {
      const http = await start();
      const { text } = await http.get('/plain');
      const conditional = await http.get('/plain', { [name]: 'bytes=0-1' });
      expect(conditional.headers['x-cache']).toBe('PASS condition');
      expect(conditional.text).not.toBe(text);
      expect((await http.get('/plain')).text).toBe(text);
    },
  );

  it('leaves a request with a body alone', async () => {
    const http = await start();
    const { text } = await http.get('/plain');
    const json = { 'content-type': 'application/json' };
    const long = await http.ask('GET', '/plain', { ...json, 'content-length': '2' }, '{}');
    expect(long.headers['x-cache']).toBe('PASS body');
    const chunked = await http.ask('GET', '/plain', { ...json, 'transfer-encoding': 'chunked' }, '{}');
    expect(chunked.headers['x-cache']).toBe('PASS body');
    expect((await http.get('/plain')).text).toBe(text);
  });

  it('leaves other methods alone', async () => {
    const http = await start();
    await http.get('/plain');
    const first = await http.ask('POST', '/plain');
    const again = await http.ask('POST', '/plain');
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.text).not.toBe(first.text);
    expect(again.headers['x-cache']).toBe('PASS method');
  });

  it('keeps the answer of a handler for HEAD apart from that for GET', async () => {
    const http = await start();
    await http.head('/told');
    expect((await http.get('/told')).text).toBe(`{"calls":${calls}}`);
    await http.head('/all');
    await http.head('/all');
    const { text } = await http.get('/all');
    expect(text).toBe(`{"calls":${calls}}`);
    expect((await http.get('/all')).text).toBe(text);
  });

  it('stands back when the client says so, if it may', async () => {
    const http = await startHttp(platform, [OddController], { cache: { heedClient: true, report: true } });
    const { text } = await http.get('/plain');
    expect((await http.get('/plain', { 'cache-control': 'no-store' })).text).not.toBe(text);
    expect((await http.get('/plain')).text).toBe(text);
    for (const headers of [
      { 'cache-control': 'max-age=0' },
      { 'cache-control': 'no-cache' },
      { pragma: 'no-cache' },
    ]) {
      const renewed = await http.get('/plain', headers);
      expect(renewed.text).not.toBe(text);
      expect((await http.get('/plain')).text).toBe(renewed.text);
    }
    const deaf = await start();
    const kept = await deaf.get('/plain');
    expect((await deaf.get('/plain', { 'cache-control': 'no-cache' })).text).toBe(kept.text);
  });
});
