import { SetMetadata } from '@nestjs/common';
import { DepotConfigError, show } from '../../../common/errors.js';
import { buildCacheKey } from '../../cache-key.js';
import type { OfRequest } from '../http.message.js';

export const CACHE_KEY = 'nestjs-depot:http.key';

/** The decorator, and `CacheKey.of`, which makes keys of parts. */
export interface CacheKeyFactory {
  /**
   * The key under which `CacheInterceptor` keeps the answers of a handler, in place of its address, or what tells the key from
   * the request; answers are not cached where that is `undefined`. What `scope` and `Vary` tell apart stays apart. Handlers
   * with the same key share their answers; of a controller, its name is added to the key of each.
   *
   * @throws DepotConfigError when the class is defined, for an empty key
   * @example
   * @Get(':id')
   * @CacheKey((request: Request) => CacheKey.of('product', request.params.id))
   */
  (key: string | OfRequest<string | undefined>): ClassDecorator & MethodDecorator;
  /**
   * A key of parts, with colons between them; other parts never give the same one.
   *
   * @throws DepotConfigError for a part that is nothing
   * @example CacheKey.of('user', 42, 'profile') // 'user:42:profile'
   */
  readonly of: typeof buildCacheKey;
}

export const CacheKey: CacheKeyFactory = Object.assign(
  (key: string | OfRequest<string | undefined>) => {
    if (typeof key === 'function' || (typeof key === 'string' && key !== ''))
      return SetMetadata(CACHE_KEY, key);
    throw new DepotConfigError(`@CacheKey: ${show(key)}; expected text or a function of the request`);
  },
  { of: buildCacheKey },
);
