import { cacheControl } from './cache-control.js';
import { hasAlready } from './etag.js';
import type { HttpCacheSettings } from './http-cache.options.js';
import { headerOf, type HttpExchange } from './http.message.js';
import type { HttpRoute } from './http.route.js';
import type { Wanted } from './request.verdict.js';
import type { StoredAnswer } from './stored.answer.js';
import { union, withNames } from './vary.js';

const NOT_MODIFIED = 304;

/** Says to the client what became of its request, and gives what is to be sent. */
export class Reply {
  constructor(
    private readonly exchange: HttpExchange,
    private readonly route: HttpRoute,
    private readonly settings: HttpCacheSettings,
  ) {}

  /** The handler's answer is sent as it is, and nobody else gets it. */
  passed(why: string): void {
    this.report(`PASS ${why}`);
  }

  /** What the handler has just said. */
  made(answer: StoredAnswer, values: readonly unknown[], { scope }: Wanted): readonly unknown[] {
    this.describe(answer, scope !== undefined, answer.ttlMs);
    this.report('MISS');
    return this.isKnown(answer) ? this.notModified(answer.body) : values;
  }

  /** What the handler has said some time ago, perhaps to somebody else. */
  found(answer: StoredAnswer, { scope }: Wanted): readonly unknown[] {
    const ageMs = Math.max(0, Date.now() - answer.storedAt);
    const leftMs = answer.ttlMs - ageMs;
    this.describe(answer, scope !== undefined, leftMs);
    // With a `max-age` of its own; ours is what is left of it already.
    if (answer.control !== null) this.set('Age', Math.floor(ageMs / 1_000));
    this.report(leftMs > 0 ? 'HIT' : 'STALE');
    if (this.isKnown(answer)) return this.notModified(answer.body);
    this.exchange.answer.status = answer.status;
    for (const [name, value] of answer.headers) this.set(name, value);
    return [answer.body];
  }

  private describe({ control, etag, vary }: StoredAnswer, isScoped: boolean, leftMs: number): void {
    const { answer } = this.exchange;
    if (etag !== null) this.set('ETag', etag);
    this.set('Cache-Control', control ?? cacheControl(leftMs, isScoped));
    // Who shows who he is gets another answer, and so he shall from other caches, and from his own when he has logged in.
    const names = union(vary, this.settings.clientCredentials);
    this.set('Vary', withNames(answer.headers().get('vary'), names));
  }

  private isKnown({ etag }: StoredAnswer): boolean {
    return hasAlready(headerOf(this.exchange.request, 'if-none-match'), etag);
  }

  private notModified(body: unknown): readonly unknown[] {
    this.exchange.answer.status = NOT_MODIFIED;
    // It is not sent. But those outside expect one of its kind.
    return this.route.isOutermost ? [undefined] : [body];
  }

  private report(what: string): void {
    if (this.settings.reports) this.set('X-Cache', what);
  }

  private set(name: string, value: Parameters<HttpExchange['answer']['setHeader']>[1]): void {
    if (!this.exchange.answer.isSent) this.exchange.answer.setHeader(name, value);
  }
}
