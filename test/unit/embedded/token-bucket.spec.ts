import { describe, expect, it } from '@jest/globals';
import { FleetLimits } from '../../../lib/engines/embedded/fleet-limits.js';
import { nextTokenAt, soundAt, tokens, withoutToken } from '../../../lib/engines/embedded/token-bucket.js';
import { ManualClock } from '../../support/manual-clock.js';

const NOW = Date.UTC(2030, 0, 1);

describe('a token bucket', () => {
  const rate = { max: 3, perMs: 1_000 };
  const emptied = [1, 2, 3].reduce((fullAt) => withoutToken(rate, fullAt, NOW), 0);

  it('begins full and is refilled evenly', () => {
    expect(tokens(rate, 0, NOW)).toBe(3);
    expect(tokens(rate, withoutToken(rate, 0, NOW), NOW)).toBe(2);
    expect(tokens(rate, emptied, NOW)).toBe(0);
    expect(nextTokenAt(rate, emptied)).toBe(NOW + 334);
    expect(tokens(rate, emptied, NOW + 333)).toBe(0);
    expect(tokens(rate, emptied, NOW + 334)).toBe(1);
    expect(tokens(rate, emptied, NOW + 1_000)).toBe(3);
    expect(tokens(rate, emptied, NOW + 60_000)).toBe(3);
  });

  it('gives exactly its rate over a long time, whatever the fractions', () => {
    const odd = { max: 7, perMs: 1_000 };
    let [fullAt, now, taken] = [0, NOW, 0];
    while (now < NOW + 60_000) {
      for (; tokens(odd, fullAt, now) > 0; taken++) fullAt = withoutToken(odd, fullAt, now);
      const next = nextTokenAt(odd, fullAt);
      expect(next).toBeGreaterThan(now);
      now = next;
    }

    expect(taken).toBeGreaterThanOrEqual(7 * 60);
    expect(taken).toBeLessThanOrEqual(7 * 61);
  });

  it('is empty for no longer than it takes to fill, though the clock is set back', () => {
    const earlier = NOW - 3_600_000;

    const sound = soundAt(rate, emptied, earlier);

    expect(tokens(rate, sound, earlier)).toBe(0);
    expect(nextTokenAt(rate, sound)).toBe(earlier + 334);
    expect(soundAt(rate, emptied, NOW)).toBe(emptied);
  });
});

describe('limits of the fleet', () => {
  it('are one text however they are written, and say what they replace', () => {
    const limits = new FleetLimits(new ManualClock(NOW));

    expect(limits.replace({ concurrency: 2, rate: { max: 1, perMs: 5 } })).toBe('');
    expect(limits.replace({ rate: { perMs: 5, max: 1 }, concurrency: 2 })).toBeUndefined();
    expect(JSON.parse(limits.replace({ concurrency: 3 }) ?? '')).toEqual({
      concurrency: 2,
      rate: { max: 1, perMs: 5 },
    });
  });

  it('begin with a full bucket, and say nothing of none', () => {
    const limits = new FleetLimits(new ManualClock(NOW));
    limits.replace({ rate: { max: 1, perMs: 1_000 } });
    limits.took();
    expect(limits.capacity(0)).toBe(0);

    limits.replace({ rate: { max: 2, perMs: 1_000 } });
    expect(limits.capacity(0)).toBe(2);
    limits.replace({});
    expect(limits.replace({ concurrency: 1 })).toBe('');
  });

  it('allow the fewest of what is in hand, the tokens, and a pause', () => {
    const clock = new ManualClock(NOW);
    const limits = new FleetLimits(clock);
    limits.replace({ concurrency: 5, rate: { max: 2, perMs: 1_000 } });

    expect(limits.capacity(4)).toBe(1);
    expect(limits.capacity(0)).toBe(2);
    expect(limits.capacity(6)).toBe(0);
    limits.took();
    limits.took();
    expect(limits.capacity(0)).toBe(0);
    expect(limits.nextAt(0)).toBe(NOW + 500);
    expect(limits.nextAt(5)).toBe(Number.POSITIVE_INFINITY);
    clock.jump(1_000);
    limits.paused = true;
    expect(limits.capacity(0)).toBe(0);
    expect(limits.nextAt(0)).toBe(Number.POSITIVE_INFINITY);
  });
});
