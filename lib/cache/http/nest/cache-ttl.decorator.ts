import { SetMetadata } from '@nestjs/common';
import type { Duration } from '../../../common/duration.js';
import { ttlMs } from '../../cache.ttl.js';

export const CACHE_TTL = 'nestjs-depot:http.ttl';

/**
 * How long `CacheInterceptor` keeps the answers of a handler, or of all of a controller. 0: not at all.
 *
 * @throws DepotConfigError when the class is defined, for what is no duration
 * @example
 * @Get()
 * @CacheTTL('1m')
 */
export const CacheTTL = (ttl: Duration): ClassDecorator & MethodDecorator =>
  SetMetadata(CACHE_TTL, ttlMs(ttl, '@CacheTTL'));
