import { describe, expect, test } from '@jest/globals';
import { LockWaiters, Waiter } from '../../../lib/lock/lock.waiters.js';
import { ManualClock } from '../../support/manual-clock.js';

const SECOND = 1_000;
/** Longer than any jitter. */
const SLACK = 100;

describe('Waiter', () => {
  test('hears a bell that rang before it listened, once', async () => {
    const waiter = new Waiter('k', 'ann');
    waiter.ring('look');

    expect(await waiter.heard()).toBe('look');
    const again = waiter.heard();
    waiter.ring('handed');
    expect(await again).toBe('handed');
  });

  test('hears of a hand-over even if somebody else rings, too', async () => {
    const waiter = new Waiter('k', 'ann');
    waiter.ring('handed');
    waiter.ring('look');

    expect(await waiter.heard()).toBe('handed');
  });
});

describe('LockWaiters', () => {
  /** Keeps who looks, and when. */
  const watch = (waiters: LockWaiters, owner: string, looks: string[]): Waiter => {
    const waiter = waiters.enter('k', owner);
    const listen = async (): Promise<void> => {
      for (;;) {
        await waiter.heard();
        looks.push(owner);
      }
    };
    void listen();
    return waiter;
  };

  test('let the first of a line look, when the lock should be free', async () => {
    const clock = new ManualClock();
    const waiters = new LockWaiters(clock);
    const looks: string[] = [];
    for (const owner of ['ann', 'bob']) waiters.takenFor(watch(waiters, owner, looks), 5 * SECOND);
    expect(clock.pending).toBe(1);
    await clock.advance(5 * SECOND - 1);
    expect(looks).toEqual([]);
    await clock.advance(SLACK);

    expect(looks).toEqual(['ann']);
    expect(clock.pending).toBe(0);
  });

  test('let the next one look, but not at once, when the first has gone', async () => {
    const clock = new ManualClock();
    const waiters = new LockWaiters(clock);
    const looks: string[] = [];
    const [ann, bob] = ['ann', 'bob'].map((owner) => watch(waiters, owner, looks));
    if (!ann || !bob) throw new Error('nobody waits');
    waiters.takenFor(bob, 500);
    waiters.takenFor(ann, 5 * SECOND);
    await clock.advance(4 * SECOND);
    waiters.leave(ann);
    await clock.advance(SECOND - 1);
    expect(looks).toEqual([]);
    await clock.advance(SLACK);

    expect(looks).toEqual(['bob']);
  });

  test('have no timer when nobody waits', () => {
    const clock = new ManualClock();
    const waiters = new LockWaiters(clock);
    const ann = waiters.enter('k', 'ann');
    waiters.takenFor(ann, SECOND);
    waiters.leave(ann);

    expect(clock.pending).toBe(0);
    expect(waiters.find('k', 'ann')).toBeUndefined();
    expect(() => waiters.leave(ann)).not.toThrow();
  });
});
