import { expect, it } from '@jest/globals';
import { ALL_PERMITS } from '../../lib/lock/lock.store.js';
import { guest, reader, TTL, writer, type LockScene } from './lock-store.scene.js';

export function readingCases(scene: () => LockScene): void {
  it('lets readers in together', async () => {
    const { other, take, owners } = scene();
    await take(reader('ann'));
    await take(reader('bob'), other);
    await take(reader('cid'));

    expect(await owners()).toEqual(['ann', 'bob', 'cid']);
  });

  it('keeps a writer out while anybody reads, and lets him in after the last one', async () => {
    const { store, take, held, told, wait, refused } = scene();
    await take(reader('ann'));
    await take(reader('bob'));
    expect(await store.tryAcquire(writer('cid'))).toEqual(refused(TTL));
    await wait(writer('cid'));
    await held(reader('ann'));
    expect(await told()).toEqual([]);
    await held(reader('bob'));

    expect(await told()).toEqual(['k:cid']);
  });

  it('keeps readers out while anybody writes, and lets all of them in at once', async () => {
    const { store, take, held, told, wait, refused, owners } = scene();
    await take(writer('ann'));
    expect(await store.tryAcquire(reader('bob'))).toEqual(refused(TTL));
    for (const owner of ['bob', 'cid', 'dan']) await wait(reader(owner));
    await held(writer('ann'));

    expect(await told()).toEqual(['k:bob', 'k:cid', 'k:dan']);
    expect(await owners()).toEqual(['bob', 'cid', 'dan']);
  });

  it('keeps readers behind a writer who waits, so that he does not starve', async () => {
    const { store, take, wait, held, told, refused } = scene();
    await take(reader('ann'));
    await wait(writer('bob'));

    expect(await store.tryAcquire(reader('cid'))).toEqual(refused(TTL));
    await wait(reader('dan'));
    await held(reader('ann'));
    expect(await told()).toEqual(['k:bob']);
    await held(writer('bob'));
    expect(await told()).toEqual(['k:bob', 'k:dan']);
  });

  it('serves a writer between readers in his turn', async () => {
    const { take, wait, held, told } = scene();
    await take(writer('ann'));
    await wait(reader('bob'));
    await wait(reader('cid'));
    await wait(writer('dan'));
    await wait(reader('eve'));
    await held(writer('ann'));
    expect(await told()).toEqual(['k:bob', 'k:cid']);
    await held(reader('cid'));
    await held(reader('bob'));
    expect(await told()).toEqual(['k:bob', 'k:cid', 'k:dan']);
    await held(writer('dan'));

    expect(await told()).toEqual(['k:bob', 'k:cid', 'k:dan', 'k:eve']);
  });

  it('keeps out who asks for the same key in whatever way while somebody writes', async () => {
    const { store, take } = scene();
    await take(writer('ann'));

    for (const claim of [reader('bob'), writer('bob'), guest('bob')])
      expect(await store.tryAcquire(claim)).toMatchObject({ granted: false });
  });

  it('lets in as many readers as there are permits, and no writer meanwhile', async () => {
    const { store, take } = scene();
    await take(writer('ann', { permits: ALL_PERMITS - 1 }));
    await take(reader('bob'));

    expect(await store.tryAcquire(reader('cid'))).toMatchObject({ granted: false });
  });
}

export function semaphoreCases(scene: () => LockScene): void {
  it('lets in as many as there is room for', async () => {
    const { store, take, refused } = scene();
    for (const owner of ['a', 'b', 'c', 'd', 'e']) await take(guest(owner));

    expect(await store.tryAcquire(guest('f'))).toEqual(refused(TTL));
  });

  it('counts the permits that each takes', async () => {
    const { store, take, held } = scene();
    await take(guest('ann', 3));
    expect(await store.tryAcquire(guest('bob', 3))).toMatchObject({ granted: false });
    await take(guest('cid', 2));
    await held(guest('ann', 3));
    expect(await store.tryAcquire(guest('dan', 4))).toMatchObject({ granted: false });

    await take(guest('eve', 3));
  });

  it('lets one take all', async () => {
    const { store, take, held } = scene();
    await take(guest('ann', 5));
    expect(await store.tryAcquire(guest('bob', 1))).toMatchObject({ granted: false });
    await held(guest('ann', 5));

    await take(guest('bob', 5));
  });

  it('lets nobody overtake one who needs much, however little he needs himself', async () => {
    const { store, take, wait, held, told, refused } = scene();
    await take(guest('ann', 2));
    await wait(guest('bob', 4));
    expect(await store.tryAcquire(guest('cid', 1))).toEqual(refused(TTL));
    await wait(guest('dan', 1));
    expect(await told()).toEqual([]);
    await held(guest('ann', 2));

    expect(await told()).toEqual(['k:bob', 'k:dan']);
  });

  it('lets nobody overtake one who needs much when the time of another is over', async () => {
    const { bench, store, take, wait, refused, owners } = scene();
    await take(guest('ann', 1, { ttlMs: 1_000 }));
    await take(guest('bob', 3));
    await wait(guest('cid', 4));
    await bench.advance(1_000);

    expect(await store.tryAcquire(guest('dan', 1))).toEqual(refused(TTL - 1_000));
    expect(await owners()).toEqual(['bob']);
  });

  it('serves in one go as many as find room, and stops at the first who does not', async () => {
    const { take, wait, held, told, waiters } = scene();
    await take(guest('ann', 5));
    await wait(guest('bob', 2));
    await wait(guest('cid', 2));
    await wait(guest('dan', 2));
    await wait(guest('eve', 1));
    await held(guest('ann', 5));

    expect(await told()).toEqual(['k:bob', 'k:cid']);
    expect(await waiters()).toBe(2);
    await held(guest('bob', 2));
    expect(await told()).toEqual(['k:bob', 'k:cid', 'k:dan', 'k:eve']);
  });

  it('goes by the limit of each who comes', async () => {
    const { store, take } = scene();
    await take(guest('ann', 2, { limit: 3 }));

    expect(await store.tryAcquire(guest('bob', 1, { limit: 2 }))).toMatchObject({ granted: false });
    await take(guest('bob', 1, { limit: 3 }));
    expect(await store.tryAcquire(guest('cid', 1, { limit: 3 }))).toMatchObject({ granted: false });
    await take(guest('cid', 1, { limit: 4 }));
  });

  it('gives the permits of one who was handed them and is gone to the next one', async () => {
    const { bench, other, take, wait, held, told, owners } = scene();
    await take(guest('ann', 5));
    await wait(guest('bob', 3));
    await wait(guest('cid', 3), other);
    await held(guest('ann', 5));
    await bench.advance(3_000);
    await other.look('k');

    expect(await told()).toEqual(['k:bob', 'k:cid']);
    expect(await owners()).toEqual(['cid']);
    await take(guest('dan', 2));
  });

  it('is left as it was found by those who come and go', async () => {
    const { bench, take, held, owners } = scene();
    await take(guest('stays', 1, { ttlMs: 100 * TTL }));
    for (let round = 0; round < 20; round++) {
      await take(guest(`released${round}`, 2));
      await take(guest(`expired${round}`, 2, { ttlMs: 10 }));
      await held(guest(`released${round}`, 2));
      await bench.advance(10);
    }

    expect(await owners()).toEqual(['stays']);
    await take(guest('others', 4));
  });
}
