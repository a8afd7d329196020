import type { FilterShape } from '../../cache/filter/filter.shape.js';

/** The keys of a Bloom filter, in one slot whatever its name holds; `scripts/filter-bits.lua.ts` says what each is. */
export interface FilterKeys {
  readonly name: string;
  readonly shape: string;
  readonly filter: string;
  readonly building: string;
}

/** @param path cache, namespaces in it and name of the filter */
export function filterKeys(
  namespace: string,
  path: readonly string[],
  { bits, hashes }: FilterShape,
): FilterKeys {
  const name = `${namespace}:filter:{${path.map(encodeURIComponent).join('/')}}`;
  const shape = `${bits}x${hashes}`;
  return { name, shape, filter: `${name}:${shape}`, building: `${name}:${shape}:next` };
}
