import { DepotConfigError, PayloadError } from '../errors.js';

/** What a value is, or what tells it from these arguments. */
export type Told<A extends readonly unknown[], T> = T | ((...args: A) => T);

/** What was given, or what the function that was given says. */
export function told<T>(value: Told<readonly never[], T>, args: readonly unknown[]): T {
  return typeof value === 'function' ? (value as (...args: readonly unknown[]) => T)(...args) : value;
}

/** Says of errors whose they are. */
export function within<T>(title: string, work: () => T, hint = ''): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PayloadError) {
      throw new PayloadError(`${title}: ${error.message}${hint}`, { cause: error });
    }
    if (error instanceof DepotConfigError) {
      throw new DepotConfigError(`${title}: ${error.message}${hint}`, { cause: error });
    }
    throw error;
  }
}
