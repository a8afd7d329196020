import { bentocache } from './bentocache.cache.js';
import type { CacheContender } from './cache.contender.js';
import { cacheManager } from './cache-manager.cache.js';
import { cacheable } from './cacheable.cache.js';
import { depot } from './depot.cache.js';
import { autoPipelined, ioredis } from './floor.cache.js';

export const CACHES: readonly CacheContender[] = [
  depot,
  bentocache,
  cacheable,
  cacheManager,
  ioredis,
  autoPipelined,
];
