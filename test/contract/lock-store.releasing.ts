import { expect, it } from '@jest/globals';
import { guest, reader, TTL, writer, type LockScene } from './lock-store.scene.js';

export function releasingCases(scene: () => LockScene): void {
  it('frees the lock, once', async () => {
    const { store, take, isFree } = scene();
    await take(writer('ann'));

    expect(await store.release(writer('ann'))).toEqual({ held: true, watch: false });
    expect(await store.release(writer('ann'))).toEqual({ held: false, watch: false });
    await isFree();
  });

  it('is refused to everybody but the owner', async () => {
    const { take, held, takenFor, isFree } = scene();
    await take(writer('ann'));

    expect(await held(writer('bob'))).toBe(false);
    expect(await held(writer('bob', { key: 'free' }))).toBe(false);
    await takenFor(TTL);
    await isFree('free');
  });

  it('gives back what one of several has, and nothing else', async () => {
    const { store, take, held, owners } = scene();
    await take(guest('ann', 2));
    await take(guest('bob', 2));
    await take(guest('cid', 1));
    expect(await held(guest('bob', 2))).toBe(true);

    expect(await owners()).toEqual(['ann', 'cid']);
    expect(await store.tryAcquire(guest('dan', 3))).toMatchObject({ granted: false });
    await take(guest('dan', 2));
  });

  it('asks for a watch when it is handed on while others wait behind', async () => {
    const { bench, store, take, wait } = scene();
    await take(writer('ann'));
    for (const owner of ['bob', 'cid', 'dan']) await wait(writer(owner));

    expect(await store.release(writer('ann'))).toEqual({ held: true, watch: bench.isShared });
    expect(await store.release(writer('bob'))).toEqual({ held: true, watch: bench.isShared });
    expect(await store.release(writer('cid'))).toEqual({ held: true, watch: false });
    expect(await store.release(writer('dan'))).toEqual({ held: true, watch: false });
  });

  it('asks for no watch when all who waited are served', async () => {
    const { store, take, wait, told } = scene();
    await take(writer('ann'));
    await wait(reader('bob'));
    await wait(reader('cid'));

    expect(await store.release(writer('ann'))).toEqual({ held: true, watch: false });
    expect(await told()).toEqual(['k:bob', 'k:cid']);
  });

  it('asks for no watch when nothing is handed on', async () => {
    const { store, take, wait } = scene();
    await take(reader('ann'));
    await take(reader('bob'));
    await wait(writer('cid'));
    await wait(writer('dan'));

    expect(await store.release(reader('ann'))).toEqual({ held: true, watch: false });
  });

  it('asks for a watch when who gives up lets others pass, and others wait behind', async () => {
    const { bench, store, take, wait, told } = scene();
    await take(reader('ann'));
    await wait(writer('bob'));
    await wait(reader('cid'));
    await wait(writer('dan'));

    expect(await store.release(writer('bob'))).toEqual({ held: false, watch: bench.isShared });
    expect(await told()).toEqual(['k:cid']);
  });

  it('forgets a waiter who gives up', async () => {
    const { store, take, wait, held, told, waiters } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
    await wait(writer('cid'));
    expect(await held(writer('bob'))).toBe(false);
    expect(await waiters()).toBe(1);
    await held(writer('ann'));

    expect(await told()).toEqual(['k:cid']);
    expect(await store.extend(writer('bob'), TTL)).toBe(false);
  });

  it('lets those pass who find room when the one before them gives up', async () => {
    const { take, wait, held, told, owners, waiters } = scene();
    await take(guest('ann', 3));
    await wait(guest('bob', 3));
    await wait(guest('cid', 1));
    await wait(guest('dan', 1));
    await wait(guest('eve', 1));
    expect(await held(guest('bob', 3))).toBe(false);

    expect(await told()).toEqual(['k:cid', 'k:dan']);
    expect(await owners()).toEqual(['ann', 'cid', 'dan']);
    expect(await waiters()).toBe(1);
  });

  it('leaves the others where they are when one in the middle gives up', async () => {
    const { take, wait, held, told } = scene();
    await take(writer('ann'));
    for (const owner of ['bob', 'cid', 'dan', 'eve']) await wait(writer(owner));
    await held(writer('cid'));
    for (const owner of ['ann', 'bob', 'dan', 'eve']) expect(await held(writer(owner))).toBe(true);

    expect(await told()).toEqual(['k:bob', 'k:dan', 'k:eve']);
  });

  it('lets who gave up come back, at the end', async () => {
    const { take, wait, held, told } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
    await wait(writer('cid'));
    await held(writer('bob'));
    await wait(writer('bob'));
    await held(writer('ann'));
    await held(writer('cid'));

    expect(await told()).toEqual(['k:cid', 'k:bob']);
  });
}
