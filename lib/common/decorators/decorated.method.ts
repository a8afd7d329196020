import 'reflect-metadata';
import { defer, firstValueFrom, isObservable, throwError, type Observable } from 'rxjs';
import { DepotConfigError } from '../errors.js';
import type { ObjectSlot } from './object.slot.js';
import { declaredKind, declareKind, type ResultKind } from './result.kind.js';

/** Where a decorator stands. */
export interface Site {
  readonly target: object;
  readonly name: string | symbol;
  /** `Products.find` */
  readonly owner: string;
  /** `@Cacheable on Products.find` */
  readonly title: string;
  readonly kind: ResultKind;
}

/** A call of a decorated method, of an object that was given what the decorator needs. */
export interface MethodCall<B> {
  readonly instance: object;
  readonly args: readonly unknown[];
  /** What the object was given. */
  readonly bound: B;
  /** What is below the decorator, with these arguments, or else with those of the call. */
  readonly run: (args?: readonly unknown[]) => unknown;
  readonly isObservable: boolean;
}

export interface Wrapping<B extends object> {
  readonly slot: ObjectSlot<B>;
  /** Answers a call. */
  readonly around: (call: MethodCall<B>) => unknown;
  /** Is told of a call whose object was given nothing. */
  readonly unbound?: () => void;
}

/** @throws DepotConfigError on what is not a method of an instance */
export function siteOf(
  decorator: string,
  target: object,
  name: string | symbol,
  descriptor: { readonly value?: unknown },
): Site {
  const owner = `${nameOfClass(target)}.${String(name)}`;
  const title = `${decorator} on ${owner}`;
  if (typeof target === 'function' || typeof descriptor.value !== 'function') {
    throw new DepotConfigError(`${title}: expected a method of an instance`);
  }
  return { target, name, owner, title, kind: declaredKind(target, name, descriptor.value) };
}

/**
 * Has calls answered by `around`: of an Observable each time that it is subscribed, and not before. What `around` throws, the
 * call rejects with. Where nothing is at hand that it needs, as in a unit test, the method simply runs.
 *
 * When it is not known what the method returns, its first call is made to find out, and then counts as what `around` runs.
 */
export function decorate<F, B extends object>(
  { target, name, kind }: Site,
  descriptor: TypedPropertyDescriptor<F>,
  { slot, around, unbound }: Wrapping<B>,
): void {
  const method = descriptor.value as (...args: unknown[]) => unknown;
  let known = kind;
  const answer = function (this: object, ...args: unknown[]): unknown {
    const run = (given: readonly unknown[] = args): unknown => method.apply(this, given as unknown[]);
    const bound = slot.of(this);
    if (bound === undefined) {
      unbound?.();
      return run();
    }
    if (known !== 'unknown') {
      return answered(around, { instance: this, args, bound, run, isObservable: known === 'observable' });
    }
    const result = run();
    known = isObservable(result) ? 'observable' : 'promise';
    return answered(around, {
      instance: this,
      args,
      bound,
      run: startingWith(result, run),
      isObservable: known === 'observable',
    });
  };
  takeAfter(answer, method);
  descriptor.value = answer as F;
  declareKind(target, name, kind);
  slot.defineOn(target);
}

function answered<B>(around: (call: MethodCall<B>) => unknown, call: MethodCall<B>): unknown {
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
