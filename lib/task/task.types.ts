/*
 * Type-level only: what a producer may ask of `Queue<EmailProcessor>`, read from the handlers' signatures.
 * `any` stands here alone: a constraint that every function type fits needs `any[]` parameters (with `unknown[]` no
 * handler with a parameter would be accepted), and `any` in a user's own signature has to be recognised.
 */
/* eslint-disable @typescript-eslint/no-explicit-any */
import type { BatchResult } from './batch.result.js';
import type { AddOptions } from './add.options.js';
import type { TaskEventName } from './event.record.js';
import type { TaskContext } from './task.context.js';
import type { TaskEvent } from './task.event.js';
import type { TaskFailure } from './task.outcome.js';

declare const item: unique symbol;

/** What a batch handler takes: a readonly array whose brand tells `Queue<P>` to ask producers for one `T`. */
export type Batch<T> = readonly T[] & { readonly [item]?: T };
/** The same name as a value: it may stand in a decorated signature. */
export const Batch = Array;

type IsAny<T> = 0 extends 1 & T ? true : false;
type IsUnknown<T> = IsAny<T> extends true ? false : unknown extends T ? true : false;
type Hook =
  | 'onModuleInit'
  | 'onModuleDestroy'
  | 'onApplicationBootstrap'
  | 'beforeApplicationShutdown'
  | 'onApplicationShutdown';

/** The first parameter that is not the context; `undefined` when there is none. */
type PayloadParameter<A extends readonly unknown[]> = A extends readonly []
  ? undefined
  : A extends readonly [infer H, ...infer T]
    ? IsAny<H> extends true
      ? any
      : H extends TaskContext<any>
        ? PayloadParameter<T>
        : H
    : A extends readonly [(infer H)?, ...infer T]
      ? NonNullable<H> extends TaskContext<any>
        ? PayloadParameter<T>
        : H | undefined
      : undefined;
type IsBatch<P> = IsAny<P> extends true ? false : typeof item extends keyof P ? true : false;
type Unbatch<P> = IsBatch<P> extends true ? (P extends Batch<infer T> ? T : P) : P;
/** The result of one task of a batch. */
type ItemResult<R> =
  IsAny<R> extends true
    ? any
    : R extends BatchResult<infer T>
      ? T
      : R extends readonly (infer T)[]
        ? Exclude<T, Error>
        : R;

type Handler<F> = F extends (...a: infer A) => infer R
  ? IsAny<A[0]> extends true
    ? { payload: any; result: Awaited<R> }
    : A[0] extends TaskEvent<any>
      ? never
      : IsBatch<PayloadParameter<A>> extends true
        ? { payload: Unbatch<PayloadParameter<A>>; result: ItemResult<Awaited<R>> }
        : { payload: PayloadParameter<A>; result: Awaited<R> }
  : never;

/** Handlers of a processor class by method name … */
type OfClass<T> = {
  [K in keyof T as K extends Hook ? never : Handler<T[K]> extends never ? never : K & string]: Handler<T[K]>;
};
/** … or an explicit map, for names, payload paths or pipes that the method's signature does not show. */
type IsMap<T> = [keyof T] extends [never]
  ? false
  : T[keyof T] extends { payload: unknown; result: unknown }
    ? true
    : false;
export type TaskMap<T> = IsMap<T> extends true ? T : OfClass<T>;

/** One entry of an explicit map: `Queue<{ send: TaskType<Sms, Receipt> }>`. */
export interface TaskType<P = undefined, R = void> {
  payload: P;
  result: R;
}

/** The names a producer may add to `Queue<T>`. */
export type TaskName<T> =
  IsUnknown<T> extends true ? string : IsAny<T> extends true ? string : keyof TaskMap<T> & string;
/** The payload of task `N` of `Queue<T>`. */
export type PayloadOf<T, N> =
  IsUnknown<T> extends true
    ? unknown
    : N extends keyof TaskMap<T>
      ? TaskMap<T>[N] extends { payload: infer P }
        ? P
        : never
      : never;
/** The result of task `N` of `Queue<T>`. */
export type ResultOf<T, N> =
  IsUnknown<T> extends true
    ? unknown
    : N extends keyof TaskMap<T>
      ? TaskMap<T>[N] extends { result: infer R }
        ? R
        : never
      : never;

export type AddArguments<P> = undefined extends P
  ? [payload?: P, options?: AddOptions<P>]
  : [payload: P, options?: AddOptions<P>];

/** What a listener of event `E` of `Queue<T>` is told; `name` tells which task it is about. */
export type TaskEventOf<T, E extends TaskEventName> =
  TaskName<T> extends infer N extends string
    ? N extends N
      ? TaskEvent<ResultOf<T, N>, PayloadOf<T, N>> & { readonly event: E; readonly name: N } & Details<
            E,
            ResultOf<T, N>
          >
      : never
    : never;

/** What is always there in an event of that name. */
type Details<E extends TaskEventName, R> = E extends 'completed'
  ? { readonly result: R }
  : E extends 'retrying'
    ? { readonly error: TaskFailure; readonly runAt: Date }
    : E extends 'failed' | 'dead'
      ? { readonly error: TaskFailure }
      : unknown;

/** One task of `addBulk`. */
export type BulkTask<T> =
  TaskName<T> extends infer N extends string
    ? N extends N
      ? { readonly name: N; readonly options?: AddOptions<PayloadOf<T, N>> } & (undefined extends PayloadOf<
          T,
          N
        >
          ? { readonly payload?: PayloadOf<T, N> }
          : { readonly payload: PayloadOf<T, N> })
      : never
    : never;

export type AnyMethod = (...args: any[]) => unknown;
