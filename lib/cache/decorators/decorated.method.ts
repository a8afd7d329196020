import 'reflect-metadata';
import { Inject, Optional } from '@nestjs/common';
import { defer, firstValueFrom, throwError, type Observable } from 'rxjs';
import { DepotConfigError } from '../../common/errors.js';
import { CacheRegistry } from '../cache.registry.js';
import { CACHE_SLOT, cachesOf, defineSlot } from './cache.binding.js';
import { addMark, type CacheMark, type DecoratorName } from './cache.marks.js';
import { returnsObservable } from './observable.values.js';

/** Where a decorator stands. */
export interface Site {
  readonly target: object;
  readonly name: string | symbol;
  /** `Products.find` */
  readonly owner: string;
  /** `@Cacheable on Products.find` */
  readonly title: string;
  /** Whether the method is declared to return an Observable; of others it is not known. */
  readonly isObservable: boolean;
}

/** A call of a decorated method, of an object that has caches. */
export interface MethodCall {
  readonly instance: object;
  readonly args: readonly unknown[];
  readonly caches: CacheRegistry;
  /** What is below the decorator. */
  readonly run: () => unknown;
}

/** @throws DepotConfigError on what is not a method of an instance */
export function siteOf(
  decorator: DecoratorName,
  target: object,
  name: string | symbol,
  descriptor: { readonly value?: unknown },
): Site {
  const owner = `${nameOfClass(target)}.${String(name)}`;
  const title = `${decorator} on ${owner}`;
  if (typeof target === 'function' || typeof descriptor.value !== 'function') {
    throw new DepotConfigError(`${title}: expected a method of an instance`);
  }
  return { target, name, owner, title, isObservable: returnsObservable(target, name) };
}

/**
 * Has calls answered by `around`: of an Observable each time that it is subscribed, and not before. What `around` throws, the
 * call rejects with. Where no caches are at hand, as in a unit test, the method simply runs.
 */
export function decorate<F>(
  { target, name, isObservable }: Site,
  descriptor: TypedPropertyDescriptor<F>,
  mark: CacheMark,
  around: (call: MethodCall) => unknown,
): void {
  const method = descriptor.value as (...args: unknown[]) => unknown;
  const answer = function (this: object, ...args: unknown[]): unknown {
    const run = (): unknown => method.apply(this, args);
    const caches = cachesOf(this);
    if (caches === undefined) return run();
    const call = { instance: this, args, caches, run };
    if (isObservable) return defer(() => around(call) as Observable<unknown>);
    try {
      return around(call);
    } catch (error) {
      return firstValueFrom(throwError(() => error));
    }
  };
  takeAfter(answer, method);
  descriptor.value = answer as F;
  addMark(target, name, mark);
  if (!defineSlot(target)) return;
  Inject(CacheRegistry)(target, CACHE_SLOT);
  Optional()(target, CACHE_SLOT);
}

/** Of a prototype, or of an object. */
export const nameOfClass = (target: object): string =>
  typeof target === 'function' ? target.name : target.constructor.name;

const OWN = new Set<string | symbol>(['prototype', 'arguments', 'caller']);

/** Other decorators find the name, the length, and what they left on the method. */
function takeAfter(answer: object, method: object): void {
  for (const property of Reflect.ownKeys(method)) {
    const descriptor = Object.getOwnPropertyDescriptor(method, property);
    if (descriptor && !OWN.has(property)) Object.defineProperty(answer, property, descriptor);
  }
  for (const key of Reflect.getOwnMetadataKeys(method)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), answer);
  }
}
