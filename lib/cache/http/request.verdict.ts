import { directives } from './cache-control.js';
import type { HttpCacheSettings } from './http-cache.options.js';
import { headerOf, type HttpExchange } from './http.message.js';
import type { HttpRoute } from './http.route.js';
import { fitting, resourceKey } from './resource.key.js';

/** What a request asks for, as far as the cache is concerned. */
export interface Wanted {
  readonly resource: string;
  /** Who shares the answer; `undefined`: everybody. */
  readonly scope: string | undefined;
  readonly ttlMs: number;
  /** The client wants it made anew. */
  readonly isRenewed: boolean;
}

/** What such a request asks for is not as simple as a whole answer. */
const CONDITIONS = ['range', 'if-range', 'if-match', 'if-unmodified-since'];

/** What the request asks for, or why it is neither answered from the cache nor stored. */
export function wanted(
  exchange: HttpExchange,
  route: HttpRoute,
  settings: HttpCacheSettings,
): Wanted | string {
  const { request, method } = exchange;
  if (route.refusal !== undefined) return route.refusal;
  if (method !== 'GET' && method !== 'HEAD') return 'method';
  const ttlMs = route.ttlMs ?? settings.ttlMs;
  if (ttlMs === 0) return 'ttl';
  const { headers } = request;
  if (CONDITIONS.some((name) => headers[name] !== undefined)) return 'condition';
  // It may say what is asked for, and is not part of the key.
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) return 'body';
  const wishes = settings.heedsClient ? wishesOf(exchange) : undefined;
  if (wishes === 'no-store') return wishes;
  const scope = settings.scope?.(request);
  if (settings.scope ? typeof scope !== 'string' : hasCredentials(exchange, settings)) {
    return settings.scope ? 'scope' : 'credentials';
  }
  const resource = resourceOf(exchange, route);
  if (resource === undefined) return 'key';
  return { resource, scope, ttlMs, isRenewed: wishes === 'no-cache' };
}

function hasCredentials({ request, isKnownUser }: HttpExchange, { credentials }: HttpCacheSettings): boolean {
  return isKnownUser || credentials.some((name) => request.headers[name] !== undefined);
}

function wishesOf({ request }: HttpExchange): 'no-cache' | 'no-store' | undefined {
  const control = headerOf(request, 'cache-control');
  const found = directives(control ?? headerOf(request, 'pragma'));
  if (found.has('no-store')) return 'no-store';
  return found.has('no-cache') || found.get('max-age') === '0' ? 'no-cache' : undefined;
}

function resourceOf(
  { request, method, origin, url }: HttpExchange,
  { key, name, isForGet }: HttpRoute,
): string | undefined {
  // A handler of other methods, too, may say something else for HEAD.
  const prefix = isForGet || method === 'GET' ? '' : `${method} `;
  if (key === undefined) return resourceKey(`${prefix}${name}`, origin, url);
  const own = typeof key === 'function' ? key(request) : key;
  return typeof own === 'string' && own !== '' ? fitting(prefix + own) : undefined;
}
