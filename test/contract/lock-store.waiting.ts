import { expect, it } from '@jest/globals';
import { TTL, writer, type LockScene } from './lock-store.scene.js';

export function waitingCases(scene: () => LockScene): void {
  it('serves waiters in the order in which they came, and tells each of them once', async () => {
    const { store, take, wait, held, told, isFree } = scene();
    await take(writer('ann'));
    for (const owner of ['bob', 'cid', 'dan']) await wait(writer(owner));
    for (const owner of ['ann', 'bob', 'cid', 'dan']) {
      expect(await store.acquire(writer(owner))).toMatchObject({ granted: true });
      expect(await held(writer(owner))).toBe(true);
    }

    expect(await told()).toEqual(['k:bob', 'k:cid', 'k:dan']);
    await isFree();
  });

  it('serves waiters of several processes in one order', async () => {
    const { store, other, take, wait, held } = scene();
    await take(writer('ann'));
    await wait(writer('bob'), store);
    await wait(writer('cid'), other);
    await wait(writer('dan'), store);
    await wait(writer('eve'), other);
    const told = async (): Promise<readonly string[]> => {
      for (const [owner, its] of [
        ['ann', store],
        ['bob', store],
        ['cid', other],
        ['dan', store],
      ] as const)
        expect(await held(writer(owner), its)).toBe(true);
      return scene().told();
    };

    expect(await told()).toEqual(['k:bob', 'k:cid', 'k:dan', 'k:eve']);
  });

  it('serves who asks in one go in the order in which they asked', async () => {
    const { store, take, held, told, waiters } = scene();
    const owners = Array.from({ length: 20 }, (_, n) => `waiter${n}`);
    await take(writer('ann'));
    await Promise.all(owners.map((owner) => store.acquire(writer(owner))));
    expect(await waiters()).toBe(20);
    for (const owner of ['ann', ...owners]) expect(await held(writer(owner))).toBe(true);

    expect(await told()).toEqual(owners.map((owner) => `k:${owner}`));
  });

  it('serves as many as there are', async () => {
    const { take, wait, held, told, waiters } = scene();
    const owners = Array.from({ length: 300 }, (_, n) => `waiter${n}`);
    await take(writer('ann'));
    for (const owner of owners) await wait(writer(owner));
    expect(await waiters()).toBe(300);
    await held(writer('ann'));
    for (const owner of owners) expect(await held(writer(owner))).toBe(true);

    expect(await told()).toEqual(owners.map((owner) => `k:${owner}`));
  });

  it('keeps the place of a waiter who asks again', async () => {
    const { store, take, wait, held, told, waiters } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
    await wait(writer('cid'));
    await wait(writer('bob'));
    expect(await waiters()).toBe(2);
    await held(writer('ann'));

    expect(await told()).toEqual(['k:bob']);
    await held(writer('bob'));
    expect(await store.acquire(writer('cid'))).toMatchObject({ granted: true });
  });

  it('does not queue who only tries', async () => {
    const { store, take, held, told, waiters, isFree } = scene();
    await take(writer('ann'));
    await store.tryAcquire(writer('bob'));
    expect(await waiters()).toBe(0);
    await held(writer('ann'));

    await isFree();
    expect(await told()).toEqual([]);
  });

  it('keeps the place of a waiter who only tries', async () => {
    const { store, take, wait, held, told } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
    await wait(writer('cid'));
    expect(await store.tryAcquire(writer('bob'))).toMatchObject({ granted: false });
    await held(writer('ann'));

    expect(await told()).toEqual(['k:bob']);
  });

  it('lets nobody who tries jump the queue', async () => {
    const { store, take, wait, held, takenFor } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
    await held(writer('ann'));

    await takenFor(3_000);
    expect(await store.acquire(writer('bob'))).toMatchObject({ granted: true });
  });

  it('lets one process stand in several queues', async () => {
    const { store, refused, take, wait, held, told } = scene();
    for (const key of ['one', 'two']) {
      await take(writer(`ann-${key}`, { key }));
      await wait(writer(`bob-${key}`, { key }));
    }
    await held(writer('ann-two', { key: 'two' }));

    expect(await told()).toEqual(['two:bob-two']);
    expect(await store.acquire(writer('bob-one', { key: 'one' }))).toEqual(refused(TTL));
  });

  it('says how long it is taken, however many wait', async () => {
    const { bench, other, refused, take, wait } = scene();
    await take(writer('ann'));
    await wait(writer('bob', { ttlMs: 20 }));
    await bench.advance(4_000);
    await wait(writer('cid', { ttlMs: 20 }));

    expect(await other.acquire(writer('dan', { ttlMs: 20 }))).toEqual(refused(TTL - 4_000));
  });

  it('ends with the last one, and the lock is as it was', async () => {
    const { take, wait, held, told, waiters, isFree } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
    await held(writer('bob'));
    expect(await waiters()).toBe(0);
    await held(writer('ann'));
    await isFree();
    await take(writer('cid'));
    await held(writer('cid'));

    await isFree();
    expect(await told()).toEqual([]);
  });
}
