import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../lib/common/clock.js';
import { Glances } from '../../../lib/common/glances.js';

describe('glances at the clock', () => {
  let time: number;
  let looks: number;
  let ends: (() => void)[];
  let glances: Glances;

  const begin = (): void => {
    [time, looks, ends] = [1_000, 0, []];
    const now = (): number => {
      looks++;
      return time;
    };
    glances = new Glances(now, (callback) => void ends.push(callback));
  };
  const glance = (times: number): number[] => Array.from({ length: times }, () => glances.glance());

  test('are exact for who looks now and then', () => {
    begin();
    for (let n = 0; n < 1_000; n++) {
      time += n % 2;
      expect(glances.glance()).toBe(time);
    }
    expect(looks).toBe(1_000);
    expect(ends).toHaveLength(0);
  });

  test('are seldom looks, of who glances again and again', () => {
    begin();

    expect(new Set(glance(10_000))).toEqual(new Set([time]));
    expect(looks).toBeLessThan(500);
    expect(ends).toHaveLength(1);
  });

  test('see the time that has passed when the turn is over', () => {
    begin();
    glance(100);
    time += 5_000;
    expect(glances.glance()).toBe(time - 5_000);
    ends.pop()?.();

    expect(glance(2)).toEqual([time, time]);
  });

  test('see it in the same turn, too, by and by', () => {
    begin();
    glance(100);
    time += 5_000;

    expect(glance(1_000).at(-1)).toBe(time);
  });

  test('of the machine are right after whatever the process waited for', async () => {
    const { glance: look = systemClock.now } = systemClock;
    for (let n = 0; n < 1_000; n++) look();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

    const before = Date.now();
    expect(look()).toBeGreaterThanOrEqual(before);
  });
});
