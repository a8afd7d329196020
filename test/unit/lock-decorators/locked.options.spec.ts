import { describe, expect, test } from '@jest/globals';
import { DepotConfigError } from '../../../lib/common/errors.js';
import { Locked } from '../../../lib/lock/decorators/locked.decorator.js';
import type { LockedOptions } from '../../../lib/lock/decorators/locked.options.js';

/** Defines a class whose method has these options, right or wrong. */
const define =
  (options: unknown): (() => unknown) =>
  () => {
    class Orders {
      @Locked(options as LockedOptions)
      async ship(): Promise<void> {}
    }
    return Orders;
  };

describe('a wrong option is an error when the class is defined', () => {
  test.each<[unknown, string | RegExp]>([
    [undefined, 'is undefined; expected an object'],
    [{}, ': key is undefined; expected text'],
    [{ key: 7 }, ': key is 7; expected text'],
    [{ key: '' }, ': key is empty; expected text'],
    [{ key: [] }, ': key is an empty array; expected at least one key'],
    [{ key: ['a', null] }, ': key[1] is null; expected text'],
    [{ key: 'x'.repeat(1_025) }, /: key "x+\.\.\." has 1025 characters; at most 1024 are allowed$/],
    [
      { key: 'k', tll: '1s' },
      " has no option 'tll'; there are: key, ttl, renew, mode, permits, take, wait, onConflict, delay",
    ],
    [{ key: 'k', within: {} }, " has no option 'within'"],
    [{ key: 'k', ttl: '1 s' }, ': ttl is "1 s"; expected a number of milliseconds'],
    [{ key: 'k', ttl: 0 }, ': ttl is 0; expected 1 ms to 365d'],
    [{ key: 'k', renew: 'no' }, ': renew is "no"; expected true or false'],
    [{ key: 'k', mode: 'shared' }, ": mode is \"shared\"; expected 'read' or 'write'"],
    [{ key: 'k', permits: 0 }, ': permits is 0; expected a whole number from 1 to'],
    [{ key: 'k', take: 2 }, ': take is 2 without permits; expected both, or neither'],
    [{ key: 'k', permits: 2, take: 3 }, ': take is 3; expected a whole number from 1 to 2'],
    [{ key: 'k', permits: 2, mode: 'read' }, ': mode is "read" beside permits; expected one of them'],
    [{ key: 'k', wait: -1 }, ': wait is -1; expected a number of milliseconds'],
    [{ key: 'k', onConflict: 'retry' }, ": onConflict is \"retry\"; expected 'throw', 'wait' or 'defer'"],
    [{ key: 'k', onConflict: 'defer', delay: 'soon' }, ': delay is "soon"; expected a number of'],
    [{ key: 'k', onConflict: 'defer', delay: 0 }, ': delay is 0; expected 1 ms or more'],
    [{ key: 'k', delay: '1s' }, ": delay is of onConflict: 'defer', which it does not have"],
    [{ key: 'k', onConflict: 'throw', delay: '1s' }, ": delay is of onConflict: 'defer'"],
  ])('%j', (options, message) => {
    expect(define(options)).toThrow(DepotConfigError);
    expect(define(options)).toThrow(/^@Locked on Orders\.ship/);
    expect(define(options)).toThrow(message);
  });

  test('what is no method of an instance', () => {
    const onStatic = (): unknown => {
      class Orders {
        @Locked({ key: 'k' })
        static async ship(): Promise<void> {}
      }
      return Orders;
    };
    const onAccessor = (): unknown => {
      class Orders {
        // @ts-expect-error it is no method
        @Locked({ key: 'k' })
        get shipped(): Promise<void> {
          return Promise.resolve();
        }
      }
      return Orders;
    };

    expect(onStatic).toThrow('@Locked on Orders.ship: expected a method of an instance');
    expect(onAccessor).toThrow('@Locked on Orders.shipped: expected a method of an instance');
  });
});

test.each([
  { key: 'k' },
  { key: ['a', 'b'], wait: 0 },
  { key: () => 'k', ttl: '1s', renew: false, mode: 'read', onConflict: 'defer', delay: 1 },
  { key: 'k', permits: 10, take: 10, onConflict: 'throw', wait: '1m' },
])('%j is right', (options) => {
  expect(define(options)).not.toThrow();
});
