import { beforeEach, describe, expect, test } from '@jest/globals';
import { HAND_OVER_MS } from '../../../lib/lock/lock.store.js';
import { LockWaiters, type Waiter } from '../../../lib/lock/lock.waiters.js';
import { ManualClock } from '../../support/manual-clock.js';

const SECOND = 1_000;
/** More than any jitter. */
const SLACK = 100;

describe('LockWaiters', () => {
  let clock: ManualClock;
  let waiters: LockWaiters;
  /** Who has looked. */
  let looks: string[];

  beforeEach(() => {
    clock = new ManualClock();
    waiters = new LockWaiters(clock);
    looks = [];
  });

  const enter = (owner: string, key = 'k'): Waiter => {
    const waiter = {
      claim: { key, owner },
      lookAt: Number.POSITIVE_INFINITY,
      look: () => void looks.push(owner),
    };
    waiters.enter(waiter);
    return waiter;
  };

  test('let the first of a line look, when the lock should be free', async () => {
    for (const waiter of ['ann', 'bob'].map((owner) => enter(owner))) waiters.takenFor(waiter, 5 * SECOND);
    expect(clock.pending).toBe(1);
    await clock.advance(5 * SECOND - 1);
    expect(looks).toEqual([]);
    await clock.advance(SLACK);

    expect(looks).toEqual(['ann']);
    expect(clock.pending).toBe(0);
  });

  test('have a timer for each key', async () => {
    waiters.takenFor(enter('ann', 'a'), 5 * SECOND);
    waiters.takenFor(enter('bob', 'b'), SECOND);
    expect(clock.pending).toBe(2);
    await clock.advance(SECOND + SLACK);

    expect(looks).toEqual(['bob']);
  });

  test('let the first one look again when it learns that the lock is still taken', async () => {
    const ann = enter('ann');
    waiters.takenFor(ann, SECOND);
    waiters.takenFor(ann, 5 * SECOND);
    expect(clock.pending).toBe(1);
    await clock.advance(5 * SECOND - 1);
    expect(looks).toEqual([]);
    await clock.advance(SLACK);
    waiters.takenFor(ann, SECOND);
    await clock.advance(SECOND + SLACK);

    expect(looks).toEqual(['ann', 'ann']);
  });

  test('let the next one look, but not at once, when the first has gone', async () => {
    const ann = enter('ann');
    const bob = enter('bob');
    waiters.takenFor(bob, 500);
    waiters.takenFor(ann, 5 * SECOND);
    await clock.advance(4 * SECOND);
    waiters.leave(ann);
    await clock.advance(HAND_OVER_MS - 1);
    expect(looks).toEqual([]);
    await clock.advance(SLACK);

    expect(looks).toEqual(['bob']);
  });

  test('let the next one look when it knows more, when the first has gone', async () => {
    const ann = enter('ann');
    const bob = enter('bob');
    waiters.takenFor(ann, SECOND);
    waiters.takenFor(bob, 9 * SECOND);
    waiters.leave(ann);
    await clock.advance(9 * SECOND - 1);
    expect(looks).toEqual([]);
    await clock.advance(SLACK);

    expect(looks).toEqual(['bob']);
  });

  test('have no timer while the first one knows nothing yet', () => {
    enter('ann');
    waiters.takenFor(enter('bob'), SECOND);

    expect(clock.pending).toBe(0);
  });

  test('have no timer when nobody waits', () => {
    const ann = enter('ann');
    waiters.takenFor(ann, SECOND);
    waiters.leave(ann);

    expect(clock.pending).toBe(0);
    expect(waiters.find('k', 'ann')).toBeUndefined();
    expect(waiters.all()).toEqual([]);
  });

  test('are left twice without harm, and what is learned too late means nothing', () => {
    const ann = enter('ann');
    waiters.leave(ann);
    waiters.leave(ann);
    waiters.takenFor(ann, SECOND);

    expect(clock.pending).toBe(0);
  });

  test('find each by key and owner', () => {
    const ann = enter('ann', 'a');
    const bob = enter('bob', 'b');

    expect(waiters.find('a', 'ann')).toBe(ann);
    expect(waiters.find('b', 'ann')).toBeUndefined();
    expect(waiters.all()).toEqual([ann, bob]);
  });

  test('all look, of one key or of any', () => {
    enter('ann', 'a');
    enter('bob', 'b');
    enter('cid', 'b');
    waiters.lookAll('b');
    expect(looks).toEqual(['bob', 'cid']);
    waiters.lookAll();

    expect(looks).toEqual(['bob', 'cid', 'ann', 'bob', 'cid']);
  });
});
