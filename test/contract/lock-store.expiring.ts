import { expect, it } from '@jest/globals';
import { guest, reader, TTL, writer, type LockScene } from './lock-store.scene.js';

export function expiryCases(scene: () => LockScene): void {
  it('keeps the lock until the moment it expires, and not from then on', async () => {
    const { bench, take, takenFor, isFree } = scene();
    await take(writer('ann'));
    await bench.advance(TTL - 1);
    await takenFor(1);
    await bench.advance(1);

    await isFree();
  });

  it('leaves an owner whose time was over without any right to it', async () => {
    const { bench, store, take, held, isFree } = scene();
    await take(writer('ann'));
    await bench.advance(TTL);

    expect(await store.extend(writer('ann'), TTL)).toBe(false);
    expect(await held(writer('ann'))).toBe(false);
    await isFree();
  });

  it('tells an owner who releases it too late that he had lost it', async () => {
    const { bench, store, take, wait, told } = scene();
    for (const key of ['alone', 'awaited']) await take(writer(`ann-${key}`, { key }));
    await take(reader('ann-shared', { key: 'shared' }));
    await take(reader('bob', { key: 'shared', ttlMs: 2 * TTL }));
    await wait(writer('cid', { key: 'awaited' }));
    await bench.advance(TTL);

    expect(await store.release(writer('ann-alone', { key: 'alone' }))).toMatchObject({ held: false });
    expect(await store.release(writer('ann-awaited', { key: 'awaited' }))).toMatchObject({ held: false });
    expect(await store.release(reader('ann-shared', { key: 'shared' }))).toMatchObject({ held: false });
    expect(await told()).toEqual(['awaited:cid']);
  });

  it('gives the lock of an owner whose time is over to the first waiter, whoever looks', async () => {
    const { bench, other, told, take, wait, takenFor, waiters } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
    await wait(writer('cid'));
    await bench.advance(TTL);
    expect(await told()).toEqual([]);
    await other.look('k');

    expect(await told()).toEqual(['k:bob']);
    await takenFor(3_000);
    expect(await waiters()).toBe(1);
  });

  const looks: [string, (scene: LockScene) => Promise<unknown>][] = [
    ['tries', ({ other }) => other.tryAcquire(writer('eve'))],
    ['waits', ({ other }) => other.acquire(writer('eve'))],
    ['wants to extend what he has not', ({ other }) => other.extend(writer('eve'), TTL)],
    ['releases what he has not', ({ other }) => other.release(writer('eve'))],
    ['releases what he has lost', ({ store }) => store.release(writer('ann'))],
    ['inspects it', ({ other }) => other.inspect('k')],
    ['looks', ({ other }) => other.look('k')],
    ['forces others', ({ other }) => other.forceRelease('k')],
  ];
  it.each(looks)('hands it on when somebody %s', async (_, look) => {
    const { bench, told, take, wait } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
    await bench.advance(TTL);
    await look(scene());

    expect(await told()).toEqual(['k:bob']);
  });

  it('takes it from one of several, and leaves it to the others', async () => {
    const { bench, store, owners, take } = scene();
    await take(reader('ann', { ttlMs: 1_000 }));
    await take(reader('bob'));
    await take(reader('cid', { ttlMs: 2_000 }));
    await bench.advance(1_000);
    expect(await owners()).toEqual(['bob', 'cid']);
    await bench.advance(1_000);
    expect(await owners()).toEqual(['bob']);

    expect(await store.extend(reader('ann', { ttlMs: 1_000 }), TTL)).toBe(false);
    expect(await store.extend(reader('bob'), TTL)).toBe(true);
  });

  it('takes it from all whose time is over at once, and serves as many as find room', async () => {
    const { bench, owners, take, wait, other, told } = scene();
    await take(guest('ann', 2, { ttlMs: 1_000 }));
    await take(guest('bob', 2, { ttlMs: 900 }));
    await take(guest('cid', 1));
    await wait(guest('dan', 3));
    await wait(guest('eve', 1));
    await wait(guest('fay', 1));
    await bench.advance(1_000);
    await other.look('k');

    expect(await told()).toEqual(['k:dan', 'k:eve']);
    expect(await owners()).toEqual(['cid', 'dan', 'eve']);
  });

  it('gives back just the permits of who has lost them', async () => {
    const { bench, take, refused, store } = scene();
    await take(guest('ann', 2, { ttlMs: 1_000 }));
    await take(guest('bob', 3));
    await bench.advance(1_000);

    expect(await store.tryAcquire(guest('cid', 3))).toEqual(refused(TTL - 1_000));
    await take(guest('cid', 2));
    expect(await store.tryAcquire(guest('dan', 1))).toEqual(refused(TTL - 1_000));
  });

  it('goes by the first of those who have it when it says how long it is taken', async () => {
    const { bench, take, takenFor } = scene();
    await take(reader('ann'));
    await take(reader('bob', { ttlMs: 1_000 }));
    await take(reader('cid', { ttlMs: 2_000 }));
    await takenFor(1_000);
    await bench.advance(1_500);

    await takenFor(500);
  });

  it('comes later when the clock is set back, and at once when it is set forward', async () => {
    const { bench, take, takenFor, isFree } = scene();
    await take(writer('ann'));
    await bench.jump(-TTL);
    await takenFor(2 * TTL);
    await bench.jump(2 * TTL);

    await isFree();
  });
}

export function extendingCases(scene: () => LockScene): void {
  it('lets the lock last so long from now', async () => {
    const { bench, store, take, takenFor } = scene();
    await take(writer('ann'));
    await bench.advance(TTL - 1);

    expect(await store.extend(writer('ann'), TTL)).toBe(true);
    await bench.advance(TTL - 1);
    await takenFor(1);
  });

  it('can last longer or shorter than it was acquired for', async () => {
    const { bench, store, take, takenFor, isFree } = scene();
    await take(writer('ann'));

    expect(await store.extend(writer('ann'), 3 * TTL)).toBe(true);
    await takenFor(3 * TTL);
    expect(await store.extend(writer('ann'), 5)).toBe(true);
    await takenFor(5);
    await bench.advance(5);
    await isFree();
  });

  it('is refused to everybody but the owner', async () => {
    const { store, take, wait, takenFor, isFree } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));

    expect(await store.extend(writer('bob'), 9 * TTL)).toBe(false);
    expect(await store.extend(writer('cid'), 9 * TTL)).toBe(false);
    expect(await store.extend(writer('cid', { key: 'free' }), TTL)).toBe(false);
    await takenFor(TTL);
    await isFree('free');
  });

  it('moves the end of one of several, and of no other', async () => {
    const { bench, store, take, owners, holders } = scene();
    await take(reader('ann', { ttlMs: 1_000 }));
    await take(reader('bob', { ttlMs: 1_000 }));
    expect(await store.extend(reader('ann', { ttlMs: 1_000 }), 5_000)).toBe(true);

    expect((await holders()).map(({ until }) => until - bench.now())).toEqual([5_000, 1_000]);
    await bench.advance(1_000);
    expect(await owners()).toEqual(['ann']);
    await bench.advance(4_000);
    expect(await owners()).toEqual([]);
  });

  it('keeps its permits, and when it was granted', async () => {
    const { bench, store, take, holders } = scene();
    const since = bench.now();
    const token = await take(guest('ann', 4));
    await bench.advance(2_000);
    await store.extend(guest('ann', 4), TTL);

    expect(await holders()).toEqual([{ owner: 'ann', token, since, until: bench.now() + TTL, permits: 4 }]);
    expect(await store.tryAcquire(guest('bob', 2))).toMatchObject({ granted: false });
    expect(await store.tryAcquire(guest('bob', 1))).toMatchObject({ granted: true });
  });

  it('keeps those waiting who wait', async () => {
    const { bench, store, other, take, wait, told, waiters } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
    await bench.advance(TTL - 1);
    await store.extend(writer('ann'), TTL);
    await bench.advance(TTL - 1);
    await other.look('k');

    expect(await told()).toEqual([]);
    expect(await waiters()).toBe(1);
  });
}
