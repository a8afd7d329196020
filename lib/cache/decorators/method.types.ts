import type { Observable } from 'rxjs';

/** A method that a cache decorator may stand on. Every function fits it: what this one takes is `never`. */
export type CachedMethod = (...args: never[]) => Promise<unknown> | Observable<unknown>;

/** What functions in a decorator's options are given. */
export type ArgumentsOf<F extends CachedMethod> = F extends (...args: infer A) => unknown ? A : never;

/** What the method's promise, or its Observable, brings. */
export type ResultOf<F extends CachedMethod> = F extends (...args: never[]) => Promise<infer R>
  ? R
  : F extends (...args: never[]) => Observable<infer R>
    ? R
    : never;

export type CacheDecorator<F extends CachedMethod> = (
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<F>,
) => void;

/** A key, or parts of any kind that one is made of. */
export type KeyOrParts = string | readonly unknown[];
