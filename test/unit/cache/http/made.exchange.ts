import { httpCacheSettings, type HttpCacheOptions } from '../../../../lib/cache/http/http-cache.options.js';
import { HttpCache, type AnswerStore } from '../../../../lib/cache/http/http.cache.js';
import type { HeaderValue, HttpExchange } from '../../../../lib/cache/http/http.message.js';
import type { HttpRoute } from '../../../../lib/cache/http/http.route.js';

export const ROUTE: HttpRoute = {
  name: 'Cats.list',
  refusal: undefined,
  isForGet: true,
  key: undefined,
  ttlMs: undefined,
  vary: [],
  isOutermost: true,
};

/** A request without a server, and what is answered. */
export class MadeExchange implements HttpExchange {
  readonly method: string = 'GET';
  readonly origin = 'http://shop.example';
  readonly isKnownUser = false;
  readonly request: HttpExchange['request'];
  readonly set = new Map<string, HeaderValue>();
  readonly answer: HttpExchange['answer'] = {
    status: 200,
    isSent: false,
    headers: () => new Map(this.set),
    setHeader: (name, value) => void this.set.set(name.toLowerCase(), value),
    removeHeader: (name) => void this.set.delete(name.toLowerCase()),
    isSender: () => false,
  };

  constructor(
    readonly url: string,
    headers: Record<string, string> = {},
  ) {
    this.request = { method: this.method, url, headers };
  }

  /** What became of it. */
  get cached(): HeaderValue | undefined {
    return this.set.get('x-cache');
  }
}

export interface MadeCache {
  readonly http: HttpCache;
  /** The body that the request gets. */
  ask(exchange: MadeExchange, handler: () => unknown, route?: HttpRoute): Promise<unknown>;
}

export function made(store: AnswerStore, options: HttpCacheOptions = {}): MadeCache {
  const http = new HttpCache(store, httpCacheSettings({ report: true, ...options }), () => undefined);
  const ask: MadeCache['ask'] = async (exchange, handler, route = ROUTE) => {
    const run = async () => [await handler()];
    const [body] = await (http.answer(exchange, route, run) ?? run());
    return body;
  };
  return { http, ask };
}
