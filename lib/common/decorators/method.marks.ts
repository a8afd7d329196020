import 'reflect-metadata';

/**
 * What decorators leave on the methods of a class, for those who look at it before it is used. Kept under a fixed name: two
 * copies of this library see each other's marks.
 */
export class MethodMarks<M> {
  constructor(private readonly name: string) {}

  add(prototype: object, method: string | symbol, mark: M): void {
    const marks = this.own(prototype) ?? new Map<string | symbol, M[]>();
    marks.set(method, [...(marks.get(method) ?? []), mark]);
    Reflect.defineMetadata(this.name, marks, prototype);
  }

  /** Of a method that is declared in this very class. */
  on(prototype: object, method: string | symbol): readonly M[] {
    return this.own(prototype)?.get(method) ?? [];
  }

  /** Of all methods of a class, inherited ones included, with the class that declares them. */
  *all(prototype: object): Generator<readonly [method: string | symbol, mark: M, declaring: object]> {
    for (const declaring of prototypesOf(prototype)) {
      for (const [method, marks] of this.own(declaring) ?? []) {
        for (const mark of marks) yield [method, mark, declaring];
      }
    }
  }

  private own(prototype: object): Map<string | symbol, M[]> | undefined {
    return Reflect.getOwnMetadata(this.name, prototype) as Map<string | symbol, M[]> | undefined;
  }
}

/** From the class itself up. */
export function* prototypesOf(prototype: unknown): Generator<object> {
  for (let next = prototype; typeof next === 'object' && next !== null;) {
    yield next;
    next = Object.getPrototypeOf(next) as unknown;
  }
}

/** The classes of an object that are below that one: an override there was called first, and calls up. */
export function* prototypesBelow(instance: object, target: object): Generator<object> {
  for (const prototype of prototypesOf(Object.getPrototypeOf(instance))) {
    if (prototype === target) return;
    yield prototype;
  }
}
