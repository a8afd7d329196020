import { suppliedTo } from '../../common/decorators/supplied.parameters.js';
import { DepotConfigError } from '../../common/errors.js';
import { hasForeignParameters, parameterMarks, type ParameterKind } from '../decorators/metadata.js';
import type { TaskContext } from '../task.context.js';

/** A provider that handles tasks, or events of tasks. */
export interface Provided {
  readonly instance: object;
  readonly type: abstract new (...args: never[]) => unknown;
}

export type BoundMethod = (payload: unknown, context: TaskContext) => unknown;

/**
 * The method with its parameters in the order that its decorators say; without decorators it is `(payload, context)`. Those
 * that another decorator of the method gives, such as `@HeldLock()`, are left to that.
 *
 * @param decorator as users know it, for messages
 * @throws DepotConfigError naming class and method
 */
export function bindMethod(
  { instance, type }: Provided,
  method: string,
  title: string,
  decorator: string,
): BoundMethod {
  const run = (instance as Record<string, unknown>)[method];
  if (typeof run !== 'function') {
    throw new DepotConfigError(`${title} is marked with ${decorator} but is no method`);
  }
  if (method === '' || method.includes('\n')) {
    throw new DepotConfigError(`${title} is marked with ${decorator}; expected a name without line breaks`);
  }
  if (hasForeignParameters(type, method)) {
    throw new DepotConfigError(
      `${title} has a parameter decorator of another package; expected @Payload() and @Ctx() from 'nestjs-depot'`,
    );
  }
  const call = run as (...args: unknown[]) => unknown;
  const prototype = type.prototype as object;
  const supplied = suppliedTo(prototype, method);
  const own = parameterMarks.get(prototype, method);
  if (own.length === 0 && supplied.length === 0)
    return (payload, context) => call.call(instance, payload, context);
  const marks = own.length === 0 ? inOrder(supplied) : own;
  for (let index = 0; index < Math.max(marks.length, run.length); index++) {
    if (marks[index] === undefined && !supplied.includes(index)) {
      throw new DepotConfigError(
        `${title}: parameter ${index + 1} has neither @Payload() nor @Ctx(), another one has`,
      );
    }
  }
  return (payload, context) =>
    call.apply(
      instance,
      marks.map((mark) => mark && (mark === 'payload' ? payload : context)),
    );
}

/** First the payload, then the context, past the places that are not theirs. */
function inOrder(supplied: readonly number[]): readonly (ParameterKind | undefined)[] {
  const left: ParameterKind[] = ['payload', 'context'];
  const marks: (ParameterKind | undefined)[] = [];
  while (left.length > 0) marks.push(supplied.includes(marks.length) ? undefined : left.shift());
  return marks;
}
