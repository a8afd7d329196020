import { nameOfClass } from '../../common/decorators/decorated.method.js';
import { suppliedParameters } from '../../common/decorators/supplied.parameters.js';
import { DepotConfigError } from '../../common/errors.js';

/**
 * The parameter of a `@Locked()` method that gets the lock: a `Lock`, or a `LockSet` when the key is an array. Whoever calls
 * the method leaves it out; what stands there is replaced. Where the method runs without a lock, as in a unit test, it is
 * what the caller gave.
 *
 * ```ts
 * @Locked({ key: (sku) => `stock:${sku}` })
 * async sell(sku: string, @HeldLock() lock?: Lock): Promise<void> {
 *   await this.stock.take(sku, { token: lock?.fencingToken, signal: lock?.signal });
 * }
 * ```
 *
 * @throws DepotConfigError when the class is defined, on what is not a parameter of a method of an instance; at start-up, when
 * the method has no `@Locked()`
 */
export function HeldLock(): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined || typeof target === 'function') {
      throw new DepotConfigError(
        `@HeldLock() in ${nameOfClass(target)}: expected a parameter of a @Locked() method of an instance`,
      );
    }
    suppliedParameters.add(target, method, index);
  };
}
