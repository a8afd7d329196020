import { storable } from './answer.body.js';
import { directives, ownAgeMs } from './cache-control.js';
import { etagOf } from './etag.js';
import { textOf, type HeaderValue, type HttpExchange } from './http.message.js';
import type { HttpRoute } from './http.route.js';
import type { Wanted } from './request.verdict.js';
import { variantOf } from './resource.key.js';
import { union, varyNames } from './vary.js';

/** An answer as it is stored: plain JSON as long as its body is, which is what can be copied fast. */
export interface StoredAnswer {
  /** What it is, by resource, scope and the request's headers that it names. */
  readonly id: string;
  /** Lower-case names of the request's headers that it depends on. */
  readonly vary: readonly string[];
  readonly status: number;
  /** Those that the handler has set. */
  readonly headers: readonly (readonly [name: string, value: HeaderValue])[];
  /** The `Cache-Control` that the handler has set. */
  readonly control: string | null;
  readonly etag: string | null;
  /** What the handler has returned. */
  readonly body: unknown;
  readonly storedAt: number;
  readonly ttlMs: number;
}

/** What one request has to do with another's answer. They are set by those who send it, each time. */
const NOT_STORED =
  /^(cache-control|etag|vary|age|date|x-cache|set-cookie|connection|keep-alive|transfer-encoding|content-length|server-timing|traceparent|tracestate|retry-after|x-(request|correlation|trace)-id|x-response-time|(x-)?ratelimit.*)$/;

/**
 * The answer that the handler has given, or why nobody else may have it.
 *
 * @param values what it has returned
 * @param before headers that were set before it ran
 */
export function judged(
  values: readonly unknown[],
  before: ReadonlyMap<string, HeaderValue>,
  { resource, scope, ttlMs }: Wanted,
  vary: readonly string[],
  { request, answer }: HttpExchange,
  { isOutermost }: HttpRoute,
): StoredAnswer | string {
  if (answer.isSent) return 'sent';
  const [value] = values;
  if (values.length !== 1 || answer.isSender(value)) return 'stream';
  const { status } = answer;
  if (status < 200 || status > 299 || status === 206) return 'status';
  const headers = answer.headers();
  if (headers.has('set-cookie')) return 'cookie';
  const control = textOf(headers.get('cache-control'));
  const says = directives(control);
  if (says.has('no-store') || says.has('no-cache')) return 'cache-control';
  if (says.has('private') && scope === undefined) return 'cache-control';
  const names = union(vary, varyNames(headers.get('vary')));
  if (names.includes('*')) return 'vary';
  const kept = storable(value, isOutermost);
  if (typeof kept === 'string') return kept;
  const ownMs = ownAgeMs(control);
  const etag = textOf(headers.get('etag')) ?? etagOf(kept.body, headers.get('content-type'));
  return {
    id: variantOf(resource, scope, names, request).id,
    vary: names,
    status,
    headers: [...headers].filter(
      ([name, set]) => !NOT_STORED.test(name) && textOf(before.get(name)) !== textOf(set),
    ),
    control: control ?? null,
    etag: etag ?? null,
    body: kept.body,
    storedAt: Date.now(),
    ttlMs: Math.min(ttlMs, ownMs ?? ttlMs),
  };
}

/** Whether what was found under a key is an answer, and the one that has this id. */
export const isAnswer = (found: unknown, idOf: (vary: readonly string[]) => string): found is StoredAnswer =>
  (found as Partial<StoredAnswer> | undefined)?.id === idOf(varyOf(found));

/** Anything may have been stored by others. */
export function varyOf(found: unknown): readonly string[] {
  const { vary } = Object(found) as Partial<StoredAnswer>;
  return Array.isArray(vary) ? vary.filter((name) => typeof name === 'string') : [];
}
