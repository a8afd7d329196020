import type { Observable } from 'rxjs';

/** A method that a decorator may stand around. Every function fits it: what this one takes is `never`. */
export type LaterMethod = (...args: never[]) => Promise<unknown> | Observable<unknown>;

/** What functions in a decorator's options are given. */
export type ArgumentsOf<F extends LaterMethod> = F extends (...args: infer A) => unknown ? A : never;

export type DecoratorOf<F extends LaterMethod> = (
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<F>,
) => void;
