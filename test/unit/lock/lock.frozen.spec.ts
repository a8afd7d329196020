import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Lock } from '../../../lib/lock/lock.js';
import { HAND_OVER_MS } from '../../../lib/lock/lock.store.js';
import { settled } from '../../support/manual-clock.js';
import { LockScene, SLACK, claimOf, outcomeOf, type Outcome } from './lock.scene.js';

describe('all who wait in a process that was frozen', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  /** One who waits for what a stranger has. */
  const waits = async (options = {}): Promise<Outcome<Lock>> => {
    const waiting = outcomeOf(scene.locks.acquire('k', { wait: '1m', ...options }));
    await settled();
    return waiting;
  };

  /** The engine has forgotten whose claim was the nth. */
  const dropped = async (nth: number): Promise<void> => {
    await scene.engine.release(claimOf(scene.store.claims[nth]?.owner ?? ''));
  };

  test('ask again when one of them has given up by then, too', async () => {
    await scene.taken();
    const first = await waits({ wait: '2s' });
    const second = await waits();
    scene.store.deaf = true;
    await scene.given();
    scene.store.away = 'before';
    await dropped(1);
    scene.clock.jump(HAND_OVER_MS);
    await scene.taken(3_600_000);
    // A process that was frozen: its timers come before its messages.
    await scene.clock.advance(0);
    expect(first.state).toBe('rejected');
    scene.store.away = 'no';
    scene.store.deaf = false;
    scene.store.tell();
    await scene.clock.advance(SLACK);
    await scene.given();

    expect(second.state).toBe('fulfilled');
  });

  test('ask again when one of them had the lock and has lost it', async () => {
    await scene.taken(3_600_000);
    const first = await waits();
    const second = await waits();
    await scene.given();
    expect(first.value?.held).toBe(true);
    await dropped(1);
    scene.clock.jump(HAND_OVER_MS);
    await scene.taken(3_600_000);
    await scene.clock.advance(SLACK);
    expect(first.value?.held).toBe(false);
    await scene.given();

    expect(second.state).toBe('fulfilled');
  });
});
