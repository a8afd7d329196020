import 'reflect-metadata';
import type { CachePlace } from './cache.place.js';
import type { ResultKind } from './result.kind.js';

export type DecoratorName = '@Cacheable' | '@CachePut' | '@CacheEvict';

/** What a decorator leaves on a class, for those who look at it before it is used. */
export interface CacheMark {
  readonly decorator: DecoratorName;
  readonly kind: ResultKind;
  /** As errors name it: `@Cacheable on Products.find`. */
  readonly title: string;
  /** The class that declares the method. */
  readonly target: object;
  readonly place: CachePlace;
  /** Its keys are told from the names of class and method. */
  readonly hasDefaultKey: boolean;
}

type Marks = Map<string | symbol, CacheMark[]>;

const MARKS = 'nestjs-depot:cache-marks';

const ownMarks = (prototype: object): Marks | undefined =>
  Reflect.getOwnMetadata(MARKS, prototype) as Marks | undefined;

export function addMark(prototype: object, method: string | symbol, mark: CacheMark): void {
  const marks = ownMarks(prototype) ?? new Map<string | symbol, CacheMark[]>();
  marks.set(method, [...(marks.get(method) ?? []), mark]);
  Reflect.defineMetadata(MARKS, marks, prototype);
}

/** Of a method that is declared in this very class. */
export const marksOn = (prototype: object, method: string | symbol): readonly CacheMark[] =>
  ownMarks(prototype)?.get(method) ?? [];

/** Of all methods of a class, inherited ones included, by method. */
export function* allMarks(prototype: object): Generator<readonly [method: string | symbol, mark: CacheMark]> {
  for (const declaring of prototypesOf(prototype)) {
    for (const [method, marks] of ownMarks(declaring) ?? []) {
      for (const mark of marks) yield [method, mark];
    }
  }
}

/** From the class itself up. */
export function* prototypesOf(prototype: unknown): Generator<object> {
  for (let next = prototype; typeof next === 'object' && next !== null;) {
    yield next;
    next = Object.getPrototypeOf(next) as unknown;
  }
}
