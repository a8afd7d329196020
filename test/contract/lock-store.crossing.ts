import { expect, it } from '@jest/globals';
import type { LockClaim } from '../../lib/lock/lock.store.js';
import { granted, guest, reader, TTL, writer, type LockScene } from './lock-store.scene.js';

const KINDS: readonly [string, (owner: string) => LockClaim][] = [
  ['a writer', (owner) => writer(owner)],
  ['a reader', (owner) => reader(owner)],
  ['one of five', (owner) => guest(owner)],
  ['all of five', (owner) => guest(owner, 5)],
];

/** The time of one owner is over, and another one has the lock: nothing that the first one does may touch that. */
export function crossingCases(scene: () => LockScene): void {
  for (const [name, old] of KINDS) {
    it.each(KINDS)(`leaves ${name} whose time was over without power over %s`, async (_, next) => {
      const { bench, store, other, take, held, holders } = scene();
      await take(old('ann'));
      await bench.advance(TTL);
      const token = await take(next('bob'), other);
      await bench.advance(1_000);
      const before = await holders();

      expect(await store.extend(old('ann'), 9 * TTL)).toBe(false);
      expect(await held(old('ann'))).toBe(false);
      expect(await held(old('ann'))).toBe(false);
      expect(await store.extend(old('ann'), 9 * TTL, token + 1)).toBe(false);
      expect(await holders()).toEqual(before);
      expect(await other.acquire(next('bob'))).toEqual(granted(token));
    });
  }

  it('leaves it to the next one, who was handed it', async () => {
    const { bench, store, other, take, wait, held, told, owners, takenFor } = scene();
    await take(writer('ann'));
    await wait(writer('bob'), other);
    await bench.advance(TTL);

    expect(await store.extend(writer('ann'), TTL)).toBe(false);
    expect(await told()).toEqual(['k:bob']);
    expect(await held(writer('ann'))).toBe(false);
    expect(await owners()).toEqual(['bob']);
    await takenFor(3_000);
    expect(await other.extend(writer('bob'), TTL)).toBe(true);
  });

  it('leaves it to the next one when the old one says twice that he is done', async () => {
    const { take, held, takenFor } = scene();
    await take(writer('ann'));
    expect(await held(writer('ann'))).toBe(true);
    await take(writer('bob'));

    expect(await held(writer('ann'))).toBe(false);
    await takenFor(TTL);
  });

  it('leaves to those who share it what an old one had taken from it', async () => {
    const { bench, take, held, store } = scene();
    await take(guest('ann', 3, { ttlMs: 1_000 }));
    await take(guest('bob', 2));
    await bench.advance(1_000);
    await take(guest('cid', 3));
    expect(await held(guest('ann', 3, { ttlMs: 1_000 }))).toBe(false);

    expect(await store.tryAcquire(guest('dan', 1))).toMatchObject({ granted: false });
  });

  it('lets one who has lost it wait like anybody else, and lets him give up', async () => {
    const { bench, store, other, take, wait, held, waiters, told } = scene();
    await take(writer('ann'));
    await bench.advance(TTL);
    await take(writer('bob'), other);
    await wait(writer('cid'), other);
    await wait(writer('ann'));

    expect(await store.extend(writer('ann'), TTL)).toBe(false);
    expect(await waiters()).toBe(2);
    expect(await held(writer('ann'))).toBe(false);
    expect(await waiters()).toBe(1);
    expect(await held(writer('bob'), other)).toBe(true);
    expect(await told()).toEqual(['k:cid']);
  });

  it('leaves one from whom it was taken by force without power over the next one', async () => {
    const { store, other, take, held, takenFor } = scene();
    await take(writer('ann'));
    expect(await other.forceRelease('k')).toBe(1);
    const token = await take(writer('bob'), other);

    expect(await store.extend(writer('ann'), 9 * TTL)).toBe(false);
    expect(await held(writer('ann'))).toBe(false);
    await takenFor(TTL);
    expect(await other.acquire(writer('bob'))).toEqual(granted(token));
  });
}
