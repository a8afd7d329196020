import { DepotConfigError } from '../../common/errors.js';
import type { CacheService } from '../cache.service.js';
import { HandlerRun, NotShared, type Run } from './handler.run.js';
import type { HttpCacheSettings } from './http-cache.options.js';
import type { HttpExchange } from './http.message.js';
import type { HttpRoute } from './http.route.js';
import { Reply } from './reply.js';
import { wanted, type Wanted } from './request.verdict.js';
import { variantOf } from './resource.key.js';
import { isAnswer, varyOf, type StoredAnswer } from './stored.answer.js';
import { UnsharedKeys } from './unshared.keys.js';
import { union } from './vary.js';

/** What of a cache is used. */
export type AnswerStore = Pick<CacheService, 'get' | 'getOrSet' | 'delete'>;

/** A resource whose answers name other headers each time is not looked for any further. */
const MOST_LOOKS = 4;

/**
 * Answers requests from a cache, and stores the answers of handlers. A handler runs once for all who ask for the same at the
 * same time. When its answer turns out to be for one request alone, everybody else runs his own: an answer gets to
 * nobody but the one who asked, and those for whom it was stored.
 */
export class HttpCache {
  private readonly warned = new Set<string>();
  private readonly unshared = new UnsharedKeys();

  constructor(
    private readonly store: AnswerStore,
    private readonly settings: HttpCacheSettings,
    private readonly warn: (text: string) => void,
  ) {}

  /**
   * @param run runs the handler and gives all that it returns
   * @returns what is to be sent in place of what the handler returns; `undefined`: it is none of the cache's business
   */
  answer(exchange: HttpExchange, route: HttpRoute, run: Run): Promise<readonly unknown[]> | undefined {
    const reply = new Reply(exchange, route, this.settings);
    const want = wanted(exchange, route, this.settings);
    if (typeof want !== 'string')
      return this.fromCache(new HandlerRun(exchange, route, want, run), want, reply);
    reply.passed(want);
    return undefined;
  }

  private async fromCache(own: HandlerRun, want: Wanted, reply: Reply): Promise<readonly unknown[]> {
    const vary = union(this.settings.vary, own.route.vary);
    const found = await this.find(want, own, vary);
    if (found !== undefined && !own.hasBegun) return reply.found(found, want);
    const outcome = await own.forItself(vary);
    switch (outcome.kind) {
      case 'answered':
        return reply.made(outcome.answer, outcome.values, want);
      case 'alone':
        reply.passed(outcome.why);
        if (outcome.why === 'instance') this.warnOf(own.route.name);
        return outcome.values;
      case 'failed':
        // An answer of before is better than none. But what the handler refuses, it refuses.
        if (found === undefined || !isServersFault(outcome.error)) throw outcome.error;
        own.undo();
        return reply.found(found, want);
    }
  }

  private warnOf(route: string): void {
    if (this.warned.has(route)) return;
    this.warned.add(route);
    this.warn(
      `${route} is not cached: it returns instances of classes, which interceptors outside of CacheInterceptor may treat ` +
        'otherwise than what comes back from a cache. Register CacheInterceptor before them, or return plain objects',
    );
  }

  /** The answer that is stored, or that somebody else has been waited for. Or the own handler begins. */
  private async find(
    want: Wanted,
    own: HandlerRun,
    known: readonly string[],
  ): Promise<StoredAnswer | undefined> {
    const { request, method } = own.exchange;
    const idOf = (vary: readonly string[]): string => variantOf(want.resource, want.scope, vary, request).id;
    // What HEAD gets is no answer to GET.
    const isReading = method === 'HEAD' && own.route.isForGet;
    let vary = known;
    for (let look = 0; look < MOST_LOOKS; look++) {
      const { key } = variantOf(want.resource, want.scope, vary, request);
      if (want.isRenewed) await this.store.delete(key);
      const found = await (isReading ? this.store.get(key) : this.getOrRun(key, vary, own));
      if (isAnswer(found, idOf)) return found;
      // Another variant's, which names what tells them apart.
      const names = union(vary, varyOf(found));
      if (own.hasBegun || names.length === vary.length) return undefined;
      vary = names;
    }
    return undefined;
  }

  private async getOrRun(key: string, vary: readonly string[], own: HandlerRun): Promise<unknown> {
    // Not by `getOrSet` alone: it may have a new answer made behind the back of a request that has got its own by then.
    const stored = await this.store.get(key);
    if (stored !== undefined || this.unshared.has(key)) return stored;
    const { tags, keeping } = this.settings;
    const options = {
      ...keeping,
      errorTtl: 0,
      ttl: ({ ttlMs }: StoredAnswer) => ttlMs,
      tags: typeof tags === 'function' ? tags(own.exchange.request) : tags,
    };
    try {
      return await this.store.getOrSet<StoredAnswer>(key, () => own.forAll(vary), options);
    } catch (error) {
      if (error instanceof DepotConfigError) throw error;
      if (own.hasBegun && error instanceof NotShared && error.isLasting) this.unshared.add(key);
      // Whatever else it is, an answer that nobody shares or that can't be stored, a time-out: there is still the handler.
      return undefined;
    }
  }
}

/** Exceptions of the framework and of others carry the status that they stand for. */
function isServersFault(error: unknown): boolean {
  const { status, statusCode } = Object(error) as {
    readonly status?: unknown;
    readonly statusCode?: unknown;
  };
  const code = status ?? statusCode;
  return typeof code !== 'number' || code >= 500;
}
