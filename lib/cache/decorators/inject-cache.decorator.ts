import { Inject } from '@nestjs/common';
import { DEFAULT_CACHE_NAME } from '../cache.registry.js';
import { CacheService } from '../cache.service.js';

/** The provider token of a cache: `CacheService` itself for the default one. */
export const getCacheToken = (name: string): string | typeof CacheService =>
  name === DEFAULT_CACHE_NAME ? CacheService : `depot:cache:${name}`;

/** Injects a cache that `DepotModule.registerCache` made. */
export const InjectCache = (name: string): PropertyDecorator & ParameterDecorator =>
  Inject(getCacheToken(name));
