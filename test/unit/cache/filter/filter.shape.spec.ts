import { describe, expect, test } from '@jest/globals';
import { filterShape, type FilterOptions } from '../../../../lib/cache/filter/filter.shape.js';
import { DepotConfigError } from '../../../../lib/common/errors.js';

const shape = (options: unknown) => filterShape(options as FilterOptions, 'filter "users"');

describe('the size of a filter', () => {
  test.each([
    // From the formula, bits rounded up to whole words.
    [1_000_000, 0.01, 9_585_088, 7],
    [1_000_000, 0.001, 14_377_600, 10],
    [1_000, 0.5, 1_472, 1],
    [1, 0.5, 64, 1],
    [1, 0.01, 64, 7],
  ])('%d keys at an error rate of %d: %d bits, %d hashes', (capacity, errorRate, bits, hashes) => {
    expect(shape({ capacity, errorRate })).toEqual({ bits, hashes });
  });

  test('errs with one in a hundred by default', () => {
    expect(shape({ capacity: 1_000 })).toEqual(shape({ capacity: 1_000, errorRate: 0.01 }));
  });

  test.each([
    [{ capacity: 0 }, 'capacity of filter "users" is 0; expected a whole number from 1 to 1000000000'],
    [{ capacity: 1.5 }, 'capacity of filter "users" is 1.5'],
    [{ capacity: '10' }, 'capacity of filter "users" is "10"'],
    [{ capacity: 1_000_000_001 }, 'capacity of filter "users" is 1000000001'],
    [{}, 'capacity of filter "users" is undefined'],
    [
      { capacity: 10, errorRate: 0 },
      'errorRate of filter "users" is 0; expected a number above 0, at most 0.5',
    ],
    [{ capacity: 10, errorRate: 0.51 }, 'errorRate of filter "users" is 0.51'],
    [{ capacity: 10, errorRate: Number.NaN }, 'errorRate of filter "users" is NaN'],
    [{ capacity: 10, errorRate: '0.1' }, 'errorRate of filter "users" is "0.1"'],
    [
      { capacity: 1_000_000_000, errorRate: 0.01 },
      'capacity of filter "users" is 1000000000, which takes 1.12 GB at an errorRate of 0.01; expected at most 0.5 GB, a capacity of 448089828',
    ],
    [{ capacity: 10, size: 3 }, 'options of filter "users" has no option \'size\''],
    [null, 'options of filter "users" is null; expected an object'],
  ])('refuses %j', (options, message) => {
    expect(() => shape(options)).toThrow(DepotConfigError);
    expect(() => shape(options)).toThrow(message);
  });

  test('takes as many keys as it says it takes', () => {
    expect(shape({ capacity: 448_089_828 }).bits).toBeLessThanOrEqual(2 ** 32 - 128);
    expect(shape({ capacity: 1_000_000_000, errorRate: 0.5 }).bits).toBeLessThan(2 ** 32);
  });
});
