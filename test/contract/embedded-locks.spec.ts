import { describe, expect, it } from '@jest/globals';
import { EmbeddedLockStore } from '../../lib/engines/embedded/embedded-lock.store.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { TTL, writer } from './lock-store.scene.js';

const DAY = 86_400_000;

describe('locks in the memory of a process', () => {
  it('are forgotten a day after they were over, all of them', async () => {
    const clock = new ManualClock();
    const store = new EmbeddedLockStore(clock);
    for (let n = 0; n < 50; n++) {
      const key = `k${n}`;
      await store.tryAcquire(writer('ann', { key }));
      await store.acquire(writer('bob', { key }));
      if (n % 2 === 0) await store.release(writer('ann', { key }));
    }
    expect(clock.pending).toBe(1);
    await clock.advance(TTL + DAY);
    expect(clock.pending).toBe(0);

    expect(await store.inspect('k0')).toEqual({ holders: [], waiters: 0 });
    store.close();
  });

  it('tell who waits after the call that hands them over, not during it', async () => {
    const store = new EmbeddedLockStore(new ManualClock());
    const order: string[] = [];
    store.onGranted((_, owner) => order.push(`${owner} was told`));
    await store.tryAcquire(writer('ann'));
    await store.acquire(writer('bob'));
    const released = store.release(writer('ann'));
    order.push('the call was made');
    await released;
    await settled();

    expect(order).toEqual(['the call was made', 'bob was told']);
    store.close();
  });

  it('tell everybody who listens', async () => {
    const store = new EmbeddedLockStore(new ManualClock());
    const told: string[] = [];
    for (const name of ['one', 'two']) store.onGranted((_, owner) => told.push(`${name}: ${owner}`));
    await store.tryAcquire(writer('ann'));
    await store.acquire(writer('bob'));
    await store.release(writer('ann'));
    await settled();

    expect(told).toEqual(['one: bob', 'two: bob']);
    store.close();
  });

  it('are none after it was closed, and keep no timer', async () => {
    const clock = new ManualClock();
    const store = new EmbeddedLockStore(clock);
    await store.tryAcquire(writer('ann'));
    store.close();

    expect(clock.pending).toBe(0);
    expect(await store.inspect('k')).toEqual({ holders: [], waiters: 0 });
  });
});
