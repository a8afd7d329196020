import { expect, it } from '@jest/globals';
import { ALL_PERMITS } from '../../lib/lock/lock.store.js';
import { guest, reader, TTL, writer, type LockScene } from './lock-store.scene.js';

export function inspectingCases(scene: () => LockScene): void {
  it('finds nobody at a lock that nobody has, or ever had', async () => {
    const { bench, store, take, held } = scene();
    expect(await store.inspect('k')).toEqual({ holders: [], waiters: 0 });
    await take(writer('ann'));
    await held(writer('ann'));
    expect(await store.inspect('k')).toEqual({ holders: [], waiters: 0 });
    await take(writer('ann'));
    await bench.advance(TTL);

    expect(await store.inspect('k')).toEqual({ holders: [], waiters: 0 });
  });

  it('shows who has it, since when and until when, and how many wait', async () => {
    const { bench, other, take, wait } = scene();
    const start = bench.now();
    const token = await take(writer('host:1:ann'));
    await wait(writer('bob'));
    await wait(writer('cid'), other);
    await bench.advance(1_000);

    expect(await other.inspect('k')).toEqual({
      holders: [{ owner: 'host:1:ann', token, since: start, until: start + TTL, permits: ALL_PERMITS }],
      waiters: 2,
    });
  });

  it('shows all who share it, in the order in which they came', async () => {
    const { bench, other, store, take, holders } = scene();
    const start = bench.now();
    const tokens = [await take(guest('zoe', 2))];
    await bench.advance(1);
    tokens.push(await take(guest('ann', 1), other), await take(guest('mia', 1, { ttlMs: 20_000 })));
    await bench.advance(1);
    await store.extend(guest('zoe', 2), TTL);

    expect(await holders()).toEqual([
      { owner: 'zoe', token: tokens[0], since: start, until: start + 2 + TTL, permits: 2 },
      { owner: 'ann', token: tokens[1], since: start + 1, until: start + 1 + TTL, permits: 1 },
      { owner: 'mia', token: tokens[2], since: start + 1, until: start + 1 + 20_000, permits: 1 },
    ]);
  });

  it('shows one who was handed it as one who has it', async () => {
    const { bench, store, take, wait, held } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
    await bench.advance(5);
    await held(writer('ann'));

    expect(await store.inspect('k')).toMatchObject({
      holders: [{ owner: 'bob', since: bench.now(), until: bench.now() + 3_000 }],
      waiters: 0,
    });
  });

  it('changes nothing', async () => {
    const { bench, store, take, wait, told } = scene();
    await take(reader('ann'));
    await take(reader('bob'));
    await wait(writer('cid'));
    await bench.advance(5);
    const before = await store.inspect('k');
    await store.look('k');

    expect(await store.inspect('k')).toEqual(before);
    expect(await told()).toEqual([]);
  });
}

export function forcingCases(scene: () => LockScene): void {
  it('takes it from who has it', async () => {
    const { store, other, take, isFree } = scene();
    await take(writer('ann'));

    expect(await other.forceRelease('k')).toBe(1);
    expect(await store.extend(writer('ann'), TTL)).toBe(false);
    await isFree();
  });

  it('takes it from all who share it, and says how many they were', async () => {
    const { other, take, owners, waiters } = scene();
    await take(guest('ann', 2));
    await take(guest('bob', 1));
    await take(guest('cid', 2));

    expect(await other.forceRelease('k')).toBe(3);
    expect(await owners()).toEqual([]);
    expect(await waiters()).toBe(0);
    await take(guest('dan', 5));
  });

  it('finds nobody at a lock that nobody has', async () => {
    const { bench, store, take } = scene();
    expect(await store.forceRelease('k')).toBe(0);
    await take(writer('ann'));
    await bench.advance(TTL);

    expect(await store.forceRelease('k')).toBe(0);
  });

  it('gives it to the first who wait, with a whole hand-over', async () => {
    const { other, take, wait, told, takenFor, waiters } = scene();
    await take(writer('ann'));
    await wait(reader('bob'));
    await wait(reader('cid'), other);
    await wait(writer('dan'));
    expect(await other.forceRelease('k')).toBe(1);

    expect(await told()).toEqual(expect.arrayContaining(['k:bob', 'k:cid']));
    expect(await told()).toHaveLength(2);
    await takenFor(3_000);
    expect(await waiters()).toBe(1);
  });

  it('takes it from one who was handed it, and does not take him for dead', async () => {
    const { take, wait, held, other, told } = scene();
    await take(writer('ann'));
    for (const owner of ['bob', 'cid', 'dan']) await wait(writer(owner));
    await held(writer('ann'));
    expect(await other.forceRelease('k')).toBe(1);
    expect(await other.forceRelease('k')).toBe(1);

    expect(await told()).toEqual(['k:bob', 'k:cid', 'k:dan']);
  });

  it('does not take it from those whom it serves when others had lost it already', async () => {
    const { bench, other, take, wait, told, owners } = scene();
    await take(writer('ann'));
    await wait(writer('bob'));
    await wait(writer('cid'));
    await bench.advance(TTL);
    // The time of the first one is over, so the second one has it by now, and it is taken from him.
    expect(await other.forceRelease('k')).toBe(1);

    expect(await told()).toEqual(['k:bob', 'k:cid']);
    expect(await owners()).toEqual(['cid']);
  });

  it('touches no other key', async () => {
    const { store, take, takenFor } = scene();
    await take(writer('ann', { key: 'one' }));
    await take(writer('bob', { key: 'two' }));
    await store.forceRelease('one');

    await takenFor(TTL, 'two');
  });
}
