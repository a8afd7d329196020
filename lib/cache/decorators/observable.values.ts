import { concatMap, isObservable, toArray } from 'rxjs';

/**
 * What an Observable brought is stored as one value: a single one as itself, so that promises and `CacheService` find the
 * same under the key; any other number of them as `{ $values: [...] }`.
 */
const VALUES = '$values';

export function pack(values: readonly unknown[]): unknown {
  const [first] = values;
  const isPlain = values.length === 1 && first !== undefined && valuesIn(first) === undefined;
  return isPlain ? first : { [VALUES]: values };
}

export const unpack = (stored: unknown): readonly unknown[] => valuesIn(stored) ?? [stored];

/** What functions in options are given for the result: the last of the values. */
export const lastOf = (stored: unknown): unknown => unpack(stored).at(-1);

/** Of no values, or of `undefined` ones, nothing is stored. */
export const isNothing = (stored: unknown): boolean => unpack(stored).every((value) => value === undefined);

function valuesIn(stored: unknown): readonly unknown[] | undefined {
  if (typeof stored !== 'object' || stored === null || Object.keys(stored).join() !== VALUES)
    return undefined;
  const values: unknown = Reflect.get(stored, VALUES);
  return Array.isArray(values) ? values : undefined;
}

/**
 * Does something with the result of a method once it is complete, then hands it on. Nobody sees any of it before: who wants
 * the first value alone would leave with that, and what was to be done would not be done.
 */
export function afterwards(result: unknown, act: (stored: unknown) => Promise<unknown>): unknown {
  if (isObservable(result)) {
    return result.pipe(
      toArray(),
      concatMap(async (values) => {
        await act(pack(values));
        return values;
      }),
      concatMap((values) => values),
    );
  }
  return Promise.resolve(result).then(async (value) => {
    await act(value);
    return value;
  });
}
