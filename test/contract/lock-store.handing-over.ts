import { beforeEach, expect, it } from '@jest/globals';
import { HAND_OVER_MS } from '../../lib/lock/lock.store.js';
import { granted, reader, TTL, writer, type LockScene } from './lock-store.scene.js';

export function handingOverCases(scene: () => LockScene): void {
  beforeEach(async () => {
    const { take, wait } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
  });

  it('tells the waiter his token, and until when it is his own', async () => {
    const { bench, store, held, handedTo, holders } = scene();
    await held(writer('ann'));
    const { token, until } = await handedTo('bob');

    expect(until).toBe(bench.now() + HAND_OVER_MS);
    expect(await holders()).toEqual([{ ...writerHeld(), owner: 'bob', token, since: bench.now(), until }]);
    expect(await store.acquire(writer('bob'))).toEqual(granted(token));
  });

  it('lasts three seconds until the waiter takes the lock up', async () => {
    const { store, held, takenFor } = scene();
    await held(writer('ann'));

    await takenFor(3_000);
    expect(await store.acquire(writer('bob'))).toMatchObject({ granted: true });
    await takenFor(TTL);
  });

  it('lasts no longer than what the waiter asked for', async () => {
    const { bench, wait, held, takenFor, handedTo } = scene();
    await held(writer('bob'));
    await wait(writer('cid', { ttlMs: 20 }));
    await held(writer('ann'));

    await takenFor(20);
    expect((await handedTo('cid')).until).toBe(bench.now() + 20);
  });

  it('is taken up by an extension, too', async () => {
    const { bench, store, held, takenFor, owners } = scene();
    await held(writer('ann'));
    await bench.advance(1_000);
    expect(await store.extend(writer('bob'), TTL)).toBe(true);
    await takenFor(TTL);
    await bench.advance(TTL - 1);

    expect(await owners()).toEqual(['bob']);
  });

  it('is taken up by trying, too', async () => {
    const { store, held, takenFor } = scene();
    await held(writer('ann'));
    expect(await store.tryAcquire(writer('bob'))).toMatchObject({ granted: true });

    await takenFor(TTL);
  });

  it('can be given back without being taken up', async () => {
    const { held, isFree } = scene();
    await held(writer('ann'));

    expect(await held(writer('bob'))).toBe(true);
    expect(await held(writer('bob'))).toBe(false);
    await isFree();
  });

  it('passes over a waiter who does not take the lock up', async () => {
    const { bench, store, other, wait, held, told } = scene();
    await wait(writer('cid'), other);
    await held(writer('ann'));
    await bench.advance(HAND_OVER_MS - 1);
    await other.look('k');
    expect(await told()).toEqual(['k:bob']);
    await bench.advance(1);
    await other.look('k');

    expect(await told()).toEqual(['k:bob', 'k:cid']);
    expect(await store.extend(writer('bob'), TTL)).toBe(false);
    expect(await held(writer('bob'))).toBe(false);
    expect(await other.acquire(writer('cid'))).toMatchObject({ granted: true });
  });

  it('leaves one who took it up too late without power over the next one', async () => {
    const { bench, store, other, take, held, takenFor } = scene();
    await held(writer('ann'));
    await bench.advance(HAND_OVER_MS);
    await take(writer('cid'), other);

    expect(await store.extend(writer('bob'), 9 * TTL)).toBe(false);
    expect(await held(writer('bob'))).toBe(false);
    await takenFor(TTL);
  });

  it('puts a waiter who took it up too late at the end of the queue', async () => {
    const { bench, store, other, wait, held, told, refused } = scene();
    await wait(writer('cid'), other);
    await held(writer('ann'));
    await bench.advance(HAND_OVER_MS);

    expect(await store.acquire(writer('bob'))).toEqual(refused(HAND_OVER_MS));
    await other.acquire(writer('cid'));
    await held(writer('cid'), other);
    expect(await told()).toEqual(['k:bob', 'k:cid', 'k:bob']);
  });

  it('goes on to the next one when the waiter has given up meanwhile', async () => {
    const { wait, other, held, told } = scene();
    await wait(writer('cid'), other);
    await held(writer('ann'));

    expect(await held(writer('bob'))).toBe(true);
    expect(await told()).toEqual(['k:bob', 'k:cid']);
  });

  it('frees the lock when nobody else waits', async () => {
    const { bench, held, isFree } = scene();
    await held(writer('ann'));
    await bench.advance(HAND_OVER_MS);

    await isFree();
  });

  it('takes nothing from others who share the lock when it lapses', async () => {
    const { bench, store, other, wait, held, told, owners } = scene();
    await held(writer('bob'));
    await wait(reader('cid'));
    await wait(reader('dan'), other);
    await wait(writer('eve'), other);
    await held(writer('ann'));
    expect(await other.extend(reader('dan'), TTL)).toBe(true);
    await bench.advance(HAND_OVER_MS);
    await other.look('k');
    expect(await owners()).toEqual(['dan']);

    expect(await store.extend(reader('cid'), TTL)).toBe(false);
    await held(reader('dan'), other);
    expect(await told()).toEqual(['k:cid', 'k:dan', 'k:eve']);
  });

  it('is an ordinary lock once it is taken up', async () => {
    const { bench, store, other, wait, held, told } = scene();
    await wait(writer('cid'));
    await wait(writer('dan'), other);
    await held(writer('ann'));
    await store.acquire(writer('bob'));
    await bench.advance(TTL);
    await other.look('k');

    // Whose time is over after he took it up is not taken for dead: who waits beside him keeps his place.
    expect(await told()).toEqual(['k:bob', 'k:cid']);
  });

  const writerHeld = () => ({ permits: writer('').permits });
}
