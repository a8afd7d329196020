import type { Duration } from '../../common/duration.js';
import { DepotConfigError, show } from '../../common/errors.js';
import { checkKeys } from '../../common/options.js';
import type { CachePolicyOptions } from '../cache.options.js';
import { cachePolicy, DEFAULT_POLICY } from '../cache.policy.js';
import { ttlMs } from '../cache.ttl.js';
import type { OfRequest } from './http.message.js';
import { union } from './vary.js';

/** Options of `CacheInterceptor.with`. */
export interface HttpCacheOptions extends Pick<CachePolicyOptions, 'grace' | 'jitter' | 'timeout'> {
  /** How long an answer is fresh. `@CacheTTL` comes before it; a `max-age` of the handler's own may shorten it. @default that of the cache */
  readonly ttl?: Duration;
  /**
   * By what answers are shared, asked for every request: those with the same text share theirs, and nobody else gets them;
   * nothing is cached for `undefined`. They are sent as `Cache-Control: private`.
   *
   * @default requests that show who sent them are not cached; all others share
   */
  readonly scope?: OfRequest<string | undefined>;
  /** Which named cache. @default the default one */
  readonly cache?: string;
  /** Tags of the answers: `cache.invalidateTags` removes those that have one. */
  readonly tags?: readonly string[] | OfRequest<readonly string[]>;
  /** Request headers that answers depend on, beside those that answers name in `Vary`. */
  readonly vary?: readonly string[];
  /** Request headers that show who sent it, beside Authorization, Cookie and others that are well known. */
  readonly credentials?: readonly string[];
  /** Whether a client may ask for a new answer: `Cache-Control: no-cache` has the handler run, `no-store` nothing kept. @default false */
  readonly heedClient?: boolean;
  /** Whether answers say in `X-Cache` what became of them: `HIT`, `MISS`, `STALE` or `PASS` and why. @default false */
  readonly report?: boolean;
}

/** What the options come to: validated, nothing left out. */
export interface HttpCacheSettings {
  readonly ttlMs: number;
  readonly keeping: Pick<CachePolicyOptions, 'grace' | 'jitter' | 'timeout'>;
  readonly scope: OfRequest<string | undefined> | undefined;
  readonly tags: readonly string[] | OfRequest<readonly string[]>;
  readonly vary: readonly string[];
  readonly credentials: readonly string[];
  /** Those of them that clients send. */
  readonly clientCredentials: readonly string[];
  readonly heedsClient: boolean;
  readonly reports: boolean;
}

/** By what clients show who they are. Other caches are told that answers depend on it. */
const OF_CLIENTS = ['authorization', 'cookie', 'x-access-token', 'x-api-key', 'x-auth-token'];

/** By what proxies say whom they have recognised. Caches before them never see it. */
const OF_PROXIES = [
  ...['remote-user', 'x-remote-user', 'x-forwarded-user', 'x-auth-request-user', 'x-authenticated-user'],
  ...['x-forwarded-client-cert', 'x-ssl-client-cert', 'x-client-cert', 'x-amzn-oidc-data'],
  ...['x-goog-iap-jwt-assertion', 'cf-access-jwt-assertion', 'x-ms-client-principal'],
];

/** Whoever waits for another's handler gets what is stale after that, if `grace` says that there may be such. */
const SOFT: Duration = '10s';

const KEYS = [
  ...['ttl', 'grace', 'jitter', 'timeout', 'scope', 'cache', 'tags', 'vary'],
  ...['credentials', 'heedClient', 'report'],
];

/**
 * @param cacheTtlMs of the cache that answers are kept in
 * @throws DepotConfigError naming the option, its value and what is expected
 */
export function httpCacheSettings(
  options: HttpCacheOptions,
  cacheTtlMs = DEFAULT_POLICY.ttlMs,
): HttpCacheSettings {
  checkKeys(options, 'CacheInterceptor', KEYS);
  const { ttl, grace, jitter, timeout = {}, scope, cache, tags = [] } = options;
  const keeping = {
    ...(grace !== undefined && { grace }),
    ...(jitter !== undefined && { jitter }),
    timeout: { soft: SOFT, ...(typeof timeout === 'object' ? timeout : { hard: timeout }) } as const,
  };
  const clientCredentials = union(OF_CLIENTS, headers(options.credentials, 'credentials'));
  if (cache !== undefined) checkText(cache, 'cache');
  // Said now, and not with the first request.
  cachePolicy(keeping, DEFAULT_POLICY, 'CacheInterceptor ');
  return {
    ttlMs: ttl === undefined ? cacheTtlMs : ttlMs(ttl, 'CacheInterceptor ttl'),
    keeping,
    scope: scope === undefined ? undefined : checkFunction(scope, 'scope'),
    tags: typeof tags === 'function' ? tags : checkTexts(tags, 'tags'),
    vary: headers(options.vary, 'vary'),
    credentials: union(clientCredentials, OF_PROXIES),
    clientCredentials,
    heedsClient: checkSwitch(options.heedClient, 'heedClient'),
    reports: checkSwitch(options.report, 'report'),
  };
}

const headers = (value: unknown, name: string): string[] =>
  union(checkTexts(value ?? [], name).map((header) => header.toLowerCase()));

function checkTexts(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value) && value.every((text) => typeof text === 'string' && text !== '')) {
    return value as readonly string[];
  }
  throw refused(name, value, 'an array of texts');
}

function checkFunction<F>(value: F, name: string): F {
  if (typeof value === 'function') return value;
  throw refused(name, value, 'a function of the request');
}

function checkText(value: unknown, name: string): void {
  if (typeof value !== 'string' || value === '') throw refused(name, value, 'text');
}

function checkSwitch(value: unknown, name: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw refused(name, value, 'true or false');
}

const refused = (name: string, value: unknown, expected: string): DepotConfigError =>
  new DepotConfigError(`CacheInterceptor ${name} is ${show(value)}; expected ${expected}`);
