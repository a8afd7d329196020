import { AsyncResource } from 'node:async_hooks';
import {
  Inject,
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { from, lastValueFrom, mergeMap, toArray, type Observable } from 'rxjs';
import { CacheRegistry } from '../../cache.registry.js';
import { HttpCache } from '../http.cache.js';
import { httpCacheSettings, type HttpCacheOptions } from '../http-cache.options.js';
import type { HttpRoute } from '../http.route.js';
import { exchangeOf } from './nest.exchange.js';
import { routeOf } from './nest.route.js';

/** Answers of handlers are kept apart from the application's own values. */
const NAMESPACE = 'http';

/**
 * Answers GET and HEAD from the cache, with `ETag`, `Cache-Control` and `Vary`. `docs/http-cache.md` has what is cached and
 * what never is. Register it before interceptors that change what handlers return: what those return is cached.
 *
 * @example
 * @Controller('products')
 * @UseInterceptors(CacheInterceptor)
 * export class ProductController {
 *   @Get(':id')
 *   @CacheTTL('1m')
 *   find(@Param('id') id: string): Promise<Product> {}
 * }
 */
@Injectable()
export class CacheInterceptor implements NestInterceptor, OnModuleInit {
  protected readonly options: HttpCacheOptions = {};
  private readonly routes = new WeakMap<object, Map<object, HttpRoute>>();
  private readonly underWay = new WeakSet();
  private opened: HttpCache | undefined;

  constructor(
    @Inject(CacheRegistry) private readonly caches: CacheRegistry,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {}

  /**
   * The interceptor with options: for `@UseInterceptors`, or as `{ provide: APP_INTERCEPTOR, useClass }`.
   *
   * @throws DepotConfigError naming the option, its value and what is expected
   * @example @UseInterceptors(CacheInterceptor.with({ ttl: '1m', scope: (request: Request) => request.user?.id }))
   */
  static with(options: HttpCacheOptions): Type<CacheInterceptor> {
    httpCacheSettings(options);
    @Injectable()
    class ConfiguredCacheInterceptor extends CacheInterceptor {
      protected override readonly options = options;
    }
    return ConfiguredCacheInterceptor;
  }

  /** An unknown cache is found at start-up. */
  onModuleInit(): void {
    this.opened = this.open();
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<object>();
    // Declared for the class and the method: the inner one would wait for the outer one, which waits for it.
    if (this.underWay.has(request)) return next.handle();
    this.underWay.add(request);
    // Whoever starts the handler, it runs for this request.
    const run = AsyncResource.bind(() => lastValueFrom(next.handle().pipe(toArray())));
    const exchange = exchangeOf(context, this.host.httpAdapter);
    this.opened ??= this.open();
    const answer = this.opened.answer(exchange, this.routeOf(context), run);
    return answer === undefined ? next.handle() : from(answer).pipe(mergeMap((values) => values));
  }

  private open(): HttpCache {
    const cache = this.caches.get(this.options.cache);
    const settings = httpCacheSettings(this.options, cache.defaultTtlMs);
    const logger = new Logger(CacheInterceptor.name);
    return new HttpCache(cache.namespace(NAMESPACE), settings, (text) => logger.warn(text));
  }

  private routeOf(context: ExecutionContext): HttpRoute {
    const [controller, handler] = [context.getClass(), context.getHandler()];
    let routes = this.routes.get(controller);
    if (routes === undefined) this.routes.set(controller, (routes = new Map<object, HttpRoute>()));
    let route = routes.get(handler);
    if (route === undefined) {
      route = routeOf(context, this.config, this, isCacheInterceptor);
      routes.set(handler, route);
    }
    return route;
  }
}

const isCacheInterceptor = (interceptor: unknown): boolean =>
  interceptor instanceof CacheInterceptor ||
  (typeof interceptor === 'function' && interceptor.prototype instanceof CacheInterceptor) ||
  interceptor === CacheInterceptor;
