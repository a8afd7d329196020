import { ValidateBy, type ValidationOptions } from 'class-validator';
import { duration } from 'nestjs-depot';

/** Text such as `'250ms'`, `'30s'` or `'10m'`, as the library understands it. */
export function IsDuration(options?: ValidationOptions): PropertyDecorator {
  const validate = (value: unknown): boolean => {
    try {
      duration(value);
      return typeof value === 'string';
    } catch {
      return false;
    }
  };
  const defaultMessage = (): string => "must be a length of time such as '250ms', '30s' or '10m'";
  return ValidateBy({ name: 'isDuration', validator: { validate, defaultMessage } }, options);
}
