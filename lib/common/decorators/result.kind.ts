import 'reflect-metadata';
import { types } from 'node:util';
import { isObservable } from 'rxjs';
import { DepotConfigError } from '../errors.js';

/** What a method returns. `'unknown'`: it has to be called to find out. */
export type ResultKind = 'promise' | 'observable' | 'unknown';

const KIND = 'nestjs-depot:result-kind';

/**
 * By what the compiler wrote of its return type. That is `Object` for what is no class, and for `Observable` when it is
 * imported as a type alone. For a method without a declared type there is nothing; it is taken for one that returns a promise.
 *
 * It is what a decorator below said, since that has put a plain function in the method's place.
 */
export function declaredKind(target: object, name: string | symbol, method: unknown): ResultKind {
  const below = Reflect.getOwnMetadata(KIND, target, name) as ResultKind | undefined;
  if (below) return below;
  const type: unknown = Reflect.getMetadata('design:returntype', target, name);
  if (type === Object && !types.isAsyncFunction(method)) return 'unknown';
  const prototype: unknown = typeof type === 'function' ? type.prototype : undefined;
  const isDeclared =
    typeof prototype === 'object' && prototype !== null && 'subscribe' in prototype && 'pipe' in prototype;
  return isDeclared ? 'observable' : 'promise';
}

export const declareKind = (target: object, name: string | symbol, kind: ResultKind): void =>
  Reflect.defineMetadata(KIND, kind, target, name);

/** @throws DepotConfigError for an Observable where a promise was expected */
export function noObservable<T>(result: T, title: string): T {
  if (!isObservable(result)) return result;
  throw new DepotConfigError(
    `${title}: the method returns an Observable and is not declared to; expected Observable<…> as its return type, and emitDecoratorMetadata in tsconfig.json`,
  );
}
