import type { Observable } from 'rxjs';
import type { LaterMethod } from '../../common/decorators/method.types.js';

/** What the method's promise, or its Observable, brings. */
export type ResultOf<F extends LaterMethod> = F extends (...args: never[]) => Promise<infer R>
  ? R
  : F extends (...args: never[]) => Observable<infer R>
    ? R
    : never;

/** A key, or parts of any kind that one is made of. */
export type KeyOrParts = string | readonly unknown[];
