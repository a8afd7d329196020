import { DepotConfigError, show } from '../../common/errors.js';
import { checkKeys, wholeNumber } from '../../common/options.js';

/** Options of a Bloom filter; together they decide its size. */
export interface FilterOptions {
  /** How many keys it is made for, 1 to 1,000,000,000. With more it errs more often. */
  readonly capacity: number;
  /**
   * How many of the keys that were never added it takes for known when it holds `capacity`: above 0, at most 0.5.
   * @default 0.01
   */
  readonly errorRate?: number;
}

/** A filter's size. Filters of different sizes are different filters. */
export interface FilterShape {
  readonly bits: number;
  /** Bits that a key sets. */
  readonly hashes: number;
}

/** Bits of a Redis string, which has 512 MB at most, but for what the engine writes in front. */
const MOST_BITS = 2 ** 32 - 128;

const MOST_KEYS = 1_000_000_000;

/**
 * The size with which a filter errs as rarely as is wanted: `m = -n ln p / ln² 2` bits and `k = m/n ln 2` of them for a
 * key (A. Broder, M. Mitzenmacher: "Network Applications of Bloom Filters: A Survey", Internet Mathematics 1 (4), 2004).
 *
 * @param place what the options are of, for the error message
 * @throws DepotConfigError naming the option that is wrong
 */
export function filterShape(options: FilterOptions, place: string): FilterShape {
  checkKeys(options, `options of ${place}`, ['capacity', 'errorRate']);
  const capacity = wholeNumber(options.capacity, 1, MOST_KEYS, `capacity of ${place}`);
  const { errorRate = 0.01 } = options;
  if (typeof errorRate !== 'number' || !(errorRate > 0 && errorRate <= 0.5)) {
    throw new DepotConfigError(
      `errorRate of ${place} is ${show(errorRate)}; expected a number above 0, at most 0.5`,
    );
  }
  const perKey = -Math.log(errorRate) / Math.LN2 ** 2;
  const bits = 64 * Math.ceil((capacity * perKey) / 64);
  if (bits > MOST_BITS) {
    throw new DepotConfigError(
      `capacity of ${place} is ${capacity}, which takes ${(bits / 2 ** 33).toFixed(2)} GB at an errorRate of ` +
        `${errorRate}; expected at most 0.5 GB, a capacity of ${Math.floor(MOST_BITS / perKey)}`,
    );
  }
  return { bits, hashes: Math.max(1, Math.round(perKey * Math.LN2)) };
}
