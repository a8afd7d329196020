/* The usual trick: two generic functions are only assignable to each other when their conditions are identical. */
/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters */

/** Whether two types are the same, `any`, `unknown` and optional properties included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only with the right answer: `exactly<A, B>(true)`. */
export function exactly<A, B>(_same: Same<A, B>): void {
  return;
}

/** Uses a value whose type alone matters. */
export function use(..._values: unknown[]): void {
  return;
}
