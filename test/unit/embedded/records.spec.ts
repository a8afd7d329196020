import { describe, expect, test } from '@jest/globals';
import { Records } from '../../../lib/engines/embedded/records.js';
import { ManualClock } from '../../support/manual-clock.js';
import { random } from '../../support/random.js';

describe('Records', () => {
  test('keeps a record without expiry for ever', async () => {
    const clock = new ManualClock();
    const records = new Records<string>(clock);
    records.set('a', 'A');
    await clock.advance(1e12);

    expect(records.get('a')).toBe('A');
    expect(records.expiresAt('a')).toBeUndefined();
  });

  test('gives a record until the moment it expires, and not from then on', () => {
    const clock = new ManualClock();
    const records = new Records<string>(clock);
    records.set('a', 'A', 100);
    clock.jump(99);
    expect(records.get('a')).toBe('A');
    expect(records.has('a')).toBe(true);
    clock.jump(1);

    expect(records.get('a')).toBeUndefined();
    expect(records.has('a')).toBe(false);
    expect(records.delete('a')).toBe(false);
    expect(records.expiresAt('a')).toBeUndefined();
    expect([...records.keys()]).toEqual([]);
  });

  test('forgets the old expiry with the old value', async () => {
    const clock = new ManualClock();
    const records = new Records<string>(clock);
    records.set('a', 'old', 100);
    records.set('a', 'new');
    records.set('b', 'old', 100);
    records.delete('b');
    records.set('b', 'new');
    await clock.advance(200);

    expect(records.get('a')).toBe('new');
    expect(records.get('b')).toBe('new');
  });

  test('drops expired records from memory by one timer, without being asked', async () => {
    const clock = new ManualClock();
    const records = new Records<number>(clock);
    for (let n = 0; n < 1_000; n++) records.set(`k${n}`, n, 1 + (n % 10) * 100);
    expect(clock.pending).toBe(1);
    await clock.advance(1_000);

    expect(records.size).toBe(0);
    expect(clock.pending).toBe(0);
    expect(clock.fired).toBe(10);
  });

  test('has no timer when nothing expires, and none after close', () => {
    const clock = new ManualClock();
    const records = new Records<number>(clock);
    records.set('forever', 1);
    expect(clock.pending).toBe(0);
    records.set('soon', 1, 10);
    records.close();

    expect(clock.pending).toBe(0);
  });

  test('drops expired records as others are stored, even if the timer is late', () => {
    const clock = new ManualClock();
    const records = new Records<number>(clock);
    for (let n = 0; n < 100; n++) records.set(`old${n}`, n, 10);
    clock.jump(20);
    for (let n = 0; n < 100; n++) records.set(`new${n}`, n, 1_000);

    expect(records.size).toBe(100);
  });

  test('agrees with a naive model over random operations', async () => {
    const { below } = random(17);
    for (let round = 0; round < 15; round++) {
      const clock = new ManualClock();
      const records = new Records<number>(clock);
      const model = new Map<string, { value: number; at: number }>();
      for (let step = 0; step < 300; step++) {
        const key = `k${below(20)}`;
        for (const [name, { at }] of model) if (at <= clock.now()) model.delete(name);
        switch (below(6)) {
          case 0:
            expect(records.delete(key)).toBe(model.delete(key));
            break;
          case 1:
            clock.jump(below(30));
            break;
          case 2:
            await clock.advance(below(30));
            break;
          case 3:
            records.set(key, step);
            model.set(key, { value: step, at: Number.POSITIVE_INFINITY });
            break;
          default: {
            const ttl = 1 + below(50);
            records.set(key, step, ttl);
            model.set(key, { value: step, at: clock.now() + ttl });
          }
        }
        for (const [name, { at }] of model) if (at <= clock.now()) model.delete(name);
        expect(records.get(key)).toBe(model.get(key)?.value);
        expect(clock.pending).toBeLessThanOrEqual(1);
      }
      expect([...records.keys()].sort()).toEqual([...model.keys()].sort());
      records.close();
    }
  });
});
