import {
  RequestMethod,
  VersioningType,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import type { OfRequest } from '../http.message.js';
import type { HttpRoute } from '../http.route.js';
import { union } from '../vary.js';
import { CACHE_KEY } from './cache-key.decorator.js';
import { CACHE_TTL } from './cache-ttl.decorator.js';
import { NO_CACHE } from './no-cache.decorator.js';
import { parametersOf } from './nest.parameters.js';

/** Metadata of Nest's own decorators. Its constants have moved from one version to the next, their values have not. */
const METHOD = 'method';
const VERSION = '__version__';
const INTERCEPTORS = '__interceptors__';
/** What these answer is not what their handlers return. */
const OTHERWISE = { __sse__: 'stream', __renderTemplate__: 'render', __redirect__: 'redirect' };

type Interceptor = NestInterceptor | Type<NestInterceptor>;

/**
 * What is known of the handler that is about to be called.
 *
 * @param own the interceptor that asks
 * @param isCache whether another one is a cache, too
 */
export function routeOf(
  context: ExecutionContext,
  config: ApplicationConfig,
  own: NestInterceptor,
  isCache: (interceptor: Interceptor) => boolean,
): HttpRoute {
  const controller = context.getClass();
  const handler = context.getHandler();
  const method = methodName(controller, handler);
  const interceptors = interceptorsOf(controller, handler, config);
  const isOwn = (interceptor: Interceptor): boolean => interceptor === own || interceptor === own.constructor;
  const { refusal, headers } = parametersOf(controller, method);
  const isLast = !interceptors.slice(interceptors.findLastIndex(isOwn) + 1).some(isCache);
  const version: unknown = Reflect.getMetadata(VERSION, handler) ?? Reflect.getMetadata(VERSION, controller);
  // The symbol for "any version" is none.
  const versions = [version].flat().filter((one) => typeof one === 'string');
  return {
    name: `${controller.name}.${method}${versions.length === 0 ? '' : `@${versions.join()}`}`,
    refusal: notCached(controller, handler) ?? refusal ?? (isLast ? undefined : 'another cache'),
    isForGet: Reflect.getMetadata(METHOD, handler) === RequestMethod.GET,
    key: keyOf(controller, handler, method),
    ttlMs: (Reflect.getMetadata(CACHE_TTL, handler) ?? Reflect.getMetadata(CACHE_TTL, controller)) as
      number | undefined,
    vary: union(headers, versionHeaders(config)),
    isOutermost: interceptors.findIndex(isOwn) === 0,
  };
}

/** In the order in which they are called. */
function interceptorsOf(controller: object, handler: object, config: ApplicationConfig): Interceptor[] {
  const declared = [controller, handler].flatMap(
    (target) => (Reflect.getMetadata(INTERCEPTORS, target) ?? []) as Interceptor[],
  );
  // Those of a request are made for each; here it only matters that they are there, and not ours.
  const global = [...config.getGlobalInterceptors(), ...config.getGlobalRequestInterceptors()];
  return [...(global as Interceptor[]), ...declared];
}

function notCached(controller: object, handler: object): string | undefined {
  if (Reflect.hasMetadata(NO_CACHE, handler) || Reflect.hasMetadata(NO_CACHE, controller)) return '@NoCache';
  return Object.entries(OTHERWISE).find(([key]) => Reflect.hasMetadata(key, handler))?.[1];
}

/** Which of several versions of the API is asked for, and so which handler. */
function versionHeaders(config: ApplicationConfig): string[] {
  const versioning = config.getVersioning();
  if (versioning?.type === VersioningType.HEADER) return [versioning.header.toLowerCase()];
  return versioning?.type === VersioningType.MEDIA_TYPE ? ['accept'] : [];
}

function keyOf(controller: object, handler: object, method: string): HttpRoute['key'] {
  type Key = string | OfRequest<string | undefined> | undefined;
  const own = Reflect.getMetadata(CACHE_KEY, handler) as Key;
  if (own !== undefined) return own;
  const common = Reflect.getMetadata(CACHE_KEY, controller) as Key;
  if (typeof common !== 'function') return common === undefined ? undefined : `${common}:${method}`;
  return (request) => {
    const key = common(request);
    return typeof key === 'string' && key !== '' ? `${key}:${method}` : undefined;
  };
}

/** As the class has it. The function's own name may be that of a wrapper around it. */
function methodName(controller: Type, handler: { readonly name: string }): string {
  let prototype = controller.prototype as object | null;
  while (prototype !== null) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (value === handler) return name;
    }
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return handler.name;
}
