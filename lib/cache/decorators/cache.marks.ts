import { MethodMarks } from '../../common/decorators/method.marks.js';
import type { CachePlace } from './cache.place.js';

/** What a decorator leaves on a class. */
export interface CacheMark {
  readonly decorator: '@Cacheable' | '@CachePut' | '@CacheEvict';
  /** As errors name it: `@Cacheable on Products.find`. */
  readonly title: string;
  /** The class that declares the method. */
  readonly target: object;
  readonly place: CachePlace;
  /** Its keys are told from the names of class and method. */
  readonly hasDefaultKey: boolean;
}

export const cacheMarks = new MethodMarks<CacheMark>('nestjs-depot:cache-marks');
