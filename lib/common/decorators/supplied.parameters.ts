import { MethodMarks, prototypesOf } from './method.marks.js';

/** Places of parameters that a decorator of the method itself gives: whoever calls it leaves them out. */
export const suppliedParameters = new MethodMarks<number>('nestjs-depot:supplied-parameters');

/** Those of the method that a class has, which an ancestor may have declared. */
export function suppliedTo(prototype: object, method: string | symbol): readonly number[] {
  for (const declaring of prototypesOf(prototype)) {
    if (Object.hasOwn(declaring, method)) return suppliedParameters.on(declaring, method);
  }
  return [];
}
