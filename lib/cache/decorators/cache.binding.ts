import { ObjectSlot } from '../../common/decorators/object.slot.js';
import { CacheRegistry } from '../cache.registry.js';

/** Whose caches an object with cached methods uses. */
export const CACHES = new ObjectSlot('nestjs-depot.caches', CacheRegistry);
