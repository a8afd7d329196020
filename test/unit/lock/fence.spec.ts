import { describe, expect, test } from '@jest/globals';
import { Fence, StaleTokenError } from '../../../lib/lock/fence.js';

describe('Fence', () => {
  test('lets growing tokens pass, each as often as it comes', () => {
    const fence = new Fence();
    for (const token of [1, 1, 2, 7, 7]) fence.admit('stock', token);

    expect(fence.of('stock')).toBe(7);
  });

  test('refuses a smaller one, and changes nothing', () => {
    const fence = new Fence();
    fence.admit('stock', 7);

    expect(() => fence.admit('stock', 6)).toThrow(StaleTokenError);
    expect(fence.of('stock')).toBe(7);
    expect(() => fence.admit('stock', 7)).not.toThrow();
  });

  test('says what it refused', () => {
    const fence = new Fence();
    fence.admit('stock:42', 7);
    const error = errorOf(() => fence.admit('stock:42', 6));

    expect(error).toMatchObject({
      name: 'StaleTokenError',
      code: 'DEPOT_STALE_TOKEN',
      resource: 'stock:42',
      token: 6,
      greatest: 7,
    });
    expect(error).toHaveProperty(
      'message',
      expect.stringMatching(/stock:42.* refuses fencing token 6: 7 was/),
    );
  });

  test('tells resources apart', () => {
    const fence = new Fence();
    fence.admit('a', 7);
    fence.admit('b', 3);

    expect([fence.of('a'), fence.of('b'), fence.of('c')]).toEqual([7, 3, undefined]);
    expect(() => fence.admit('a', 3)).toThrow(StaleTokenError);
  });

  test('goes on from what was stored', () => {
    const fence = new Fence();
    fence.admit('stock', 1_893_456_000_000_000);

    expect(() => fence.admit('stock', 1_893_455_999_999_999)).toThrow(StaleTokenError);
    expect(() => fence.admit('stock', 1_893_456_000_000_001)).not.toThrow();
  });

  test.each([Number.NaN, undefined as unknown as number])('refuses %p, which is no token', (token) => {
    const fence = new Fence();

    expect(() => fence.admit('new', token)).toThrow(StaleTokenError);
    fence.admit('stock', 7);
    expect(() => fence.admit('stock', token)).toThrow(StaleTokenError);
    expect([fence.of('new'), fence.of('stock')]).toEqual([undefined, 7]);
  });
});

function errorOf(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
