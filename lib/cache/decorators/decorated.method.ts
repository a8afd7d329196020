import 'reflect-metadata';
import { Inject, Optional } from '@nestjs/common';
import { defer, firstValueFrom, isObservable, throwError, type Observable } from 'rxjs';
import { DepotConfigError } from '../../common/errors.js';
import { CacheRegistry } from '../cache.registry.js';
import { CACHE_SLOT, cachesOf, defineSlot } from './cache.binding.js';
import { addMark, marksOn, type CacheMark, type DecoratorName } from './cache.marks.js';
import { declaredKind, type ResultKind } from './result.kind.js';

/** Where a decorator stands. */
export interface Site {
  readonly decorator: DecoratorName;
  readonly target: object;
  readonly name: string | symbol;
  /** `Products.find` */
  readonly owner: string;
  /** `@Cacheable on Products.find` */
  readonly title: string;
  readonly kind: ResultKind;
}

/** A call of a decorated method, of an object that has caches. */
export interface MethodCall {
  readonly instance: object;
  readonly args: readonly unknown[];
  readonly caches: CacheRegistry;
  /** What is below the decorator. */
  readonly run: () => unknown;
  readonly isObservable: boolean;
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
  const [below] = marksOn(target, name);
  const kind = below?.kind ?? declaredKind(target, name, descriptor.value);
  return { decorator, target, name, owner, title, kind };
}

/**
 * Has calls answered by `around`: of an Observable each time that it is subscribed, and not before. What `around` throws, the
 * call rejects with. Where no caches are at hand, as in a unit test, the method simply runs.
 *
 * When it is not known what the method returns, its first call is made to find out, and then counts as what `around` runs.
 */
export function decorate<F>(
  { decorator, target, name, title, kind }: Site,
  descriptor: TypedPropertyDescriptor<F>,
  mark: Pick<CacheMark, 'place' | 'hasDefaultKey'>,
  around: (call: MethodCall) => unknown,
): void {
  const method = descriptor.value as (...args: unknown[]) => unknown;
  let known = kind;
  const answer = function (this: object, ...args: unknown[]): unknown {
    const run = (): unknown => method.apply(this, args);
    const caches = cachesOf(this);
    if (caches === undefined) return run();
    if (known !== 'unknown') {
      return answered(around, { instance: this, args, caches, run, isObservable: known === 'observable' });
    }
    const result = run();
    known = isObservable(result) ? 'observable' : 'promise';
    const first = startingWith(result, run);
    return answered(around, {
      instance: this,
      args,
      caches,
      run: first,
      isObservable: known === 'observable',
    });
  };
  takeAfter(answer, method);
  descriptor.value = answer as F;
  addMark(target, name, { decorator, title, target, kind, ...mark });
  if (!defineSlot(target)) return;
  Inject(CacheRegistry)(target, CACHE_SLOT);
  Optional()(target, CACHE_SLOT);
}

function answered(around: (call: MethodCall) => unknown, call: MethodCall): unknown {
  if (call.isObservable) return defer(() => around(call) as Observable<unknown>);
  try {
    return around(call);
  } catch (error) {
    return firstValueFrom(throwError(() => error));
  }
}

/** The first time that is what is there already. Nobody may ask for it: when it fails, nobody needs to know then. */
function startingWith(result: unknown, run: () => unknown): () => unknown {
  if (result instanceof Promise) result.catch(() => undefined);
  let isFirst = true;
  return () => {
    if (!isFirst) return run();
    isFirst = false;
    return result;
  };
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
