import 'reflect-metadata';
import { types } from 'node:util';

/** What a method returns. `'unknown'`: it has to be called to find out. */
export type ResultKind = 'promise' | 'observable' | 'unknown';

/**
 * By what the compiler wrote of its return type. That is `Object` for what is no class, and for `Observable` when it is
 * imported as a type alone. For a method without a declared type there is nothing; it is taken for one that returns a promise.
 */
export function declaredKind(target: object, name: string | symbol, method: unknown): ResultKind {
  const type: unknown = Reflect.getMetadata('design:returntype', target, name);
  if (type === Object && !types.isAsyncFunction(method)) return 'unknown';
  const prototype: unknown = typeof type === 'function' ? type.prototype : undefined;
  const isObservable =
    typeof prototype === 'object' && prototype !== null && 'subscribe' in prototype && 'pipe' in prototype;
  return isObservable ? 'observable' : 'promise';
}
