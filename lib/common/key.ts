import { DepotConfigError, show } from './errors.js';

/** In UTF-16 units. Long enough for any sane name, short enough that a mistake (a whole document as key) shows. */
export const LONGEST_KEY = 1_024;

/** @throws DepotConfigError when `key`, which is `what`, is not a text of 1 to 1,024 characters */
export function checkKey(key: unknown, what: string): string {
  if (typeof key !== 'string') throw new DepotConfigError(`${what} is ${show(key)}; expected text`);
  if (key.length === 0) throw new DepotConfigError(`${what} is empty; expected text`);
  if (key.length > LONGEST_KEY) {
    throw new DepotConfigError(
      `${what} ${show(key)} has ${key.length} characters; at most ${LONGEST_KEY} are allowed`,
    );
  }
  return key;
}
