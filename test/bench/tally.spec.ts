import { describe, expect, it } from '@jest/globals';
import { elapsed, Tally } from '../../bench/contenders/tasks/tally.js';
import { payload } from '../../bench/payload.js';

function tallyOf(...numbers: number[]) {
  const tally = new Tally(4);
  for (const number of numbers) tally.take(payload(number));
  return tally.tallied();
}

describe('what workers have handled', () => {
  it('is timed from the first handler of all to the last', () => {
    const all = [
      { ...tallyOf(0, 2), firstAt: 30n, lastAt: 90n },
      { ...tallyOf(1, 3), firstAt: 20n, lastAt: 80n },
    ];
    expect(elapsed(all, 4)).toBe(70n);
  });

  it('is not timed by a worker that had nothing', () => {
    expect(elapsed([{ ...tallyOf(0, 1, 2, 3), firstAt: 10n, lastAt: 20n }, tallyOf()], 4)).toBe(10n);
  });

  it.each([
    ['lost', [tallyOf(0, 1), tallyOf(3)], 'of 4 tasks 1 were not handled, and 0 more than once'],
    ['doubled', [tallyOf(0, 1, 2), tallyOf(2, 3)], 'of 4 tasks 0 were not handled, and 1 more than once'],
  ])('is refused when a task was %s', (_, tallies, message) => {
    expect(() => elapsed(tallies, 4)).toThrow(message);
  });
});
