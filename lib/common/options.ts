import { DepotConfigError, show } from './errors.js';

/**
 * Checks that options are an object that has no other keys than these.
 *
 * @param name what they are options of, for the error message
 * @throws DepotConfigError saying what they are instead, or naming the first key that is no option
 */
export function checkKeys(
  options: unknown,
  name: string,
  known: readonly string[],
): asserts options is object {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new DepotConfigError(`${name} is ${show(options)}; expected an object`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new DepotConfigError(`${name} has no option '${unknown}'; there are: ${known.join(', ')}`);
}

/** @throws DepotConfigError when the value of option `name` is no whole number in that range */
export function wholeNumber(value: unknown, min: number, max: number, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new DepotConfigError(`${name} is ${show(value)}; expected a whole number from ${min} to ${max}`);
}
