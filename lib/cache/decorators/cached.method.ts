import { decorate, type MethodCall, type Site } from '../../common/decorators/decorated.method.js';
import type { CacheRegistry } from '../cache.registry.js';
import { CACHES } from './cache.binding.js';
import { cacheMarks, type CacheMark } from './cache.marks.js';

/** A call of a cached method; `bound` are the caches of its application. */
export type CachedCall = MethodCall<CacheRegistry>;

/** Puts `around` around the method, and leaves the decorator's mark. */
export function decorateCached<F>(
  site: Site,
  descriptor: TypedPropertyDescriptor<F>,
  mark: Pick<CacheMark, 'decorator' | 'place' | 'hasDefaultKey'>,
  around: (call: CachedCall) => unknown,
): void {
  const { target, name, title } = site;
  decorate(site, descriptor, { slot: CACHES, around });
  cacheMarks.add(target, name, { title, target, ...mark });
}
