import { DepotConfigError } from '../../common/errors.js';
import { hasForeignParameters, parameterMarks } from '../decorators/metadata.js';
import type { TaskContext } from '../task.context.js';

/** A provider that handles tasks, or events of tasks. */
export interface Provided {
  readonly instance: object;
  readonly type: abstract new (...args: never[]) => unknown;
}

export type BoundMethod = (payload: unknown, context: TaskContext) => unknown;

/**
 * The method with its parameters in the order that its decorators say; without decorators it is `(payload, context)`.
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
  const marks = parameterMarks.get(type.prototype as object, method);
  if (marks.length === 0) return (payload, context) => call.call(instance, payload, context);
  for (let index = 0; index < Math.max(marks.length, run.length); index++) {
    if (marks[index] === undefined) {
      throw new DepotConfigError(
        `${title}: parameter ${index + 1} has neither @Payload() nor @Ctx(), another one has`,
      );
    }
  }
  return (payload, context) =>
    call.apply(
      instance,
      marks.map((mark) => (mark === 'payload' ? payload : context)),
    );
}
