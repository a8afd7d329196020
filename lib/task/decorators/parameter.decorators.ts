import { DepotConfigError } from '../../common/errors.js';
import { parameterMarks, type ParameterKind } from './metadata.js';

/** The parameter of a `@Task()` method that gets the task's payload. */
export function Payload(): ParameterDecorator {
  return mark('payload');
}

/** The parameter of a `@Task()` method that gets the `TaskContext`. */
export function Ctx(): ParameterDecorator {
  return mark('context');
}

function mark(kind: ParameterKind): ParameterDecorator {
  return (target, method, index) => {
    if (typeof method !== 'string') {
      throw new DepotConfigError(
        `@Payload() and @Ctx() belong to parameters of a @Task() method, not of a constructor`,
      );
    }
    parameterMarks.set(target, method, index, kind);
  };
}
