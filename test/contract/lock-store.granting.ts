import { expect, it } from '@jest/globals';
import { granted, guest, reader, TTL, writer, type LockScene } from './lock-store.scene.js';

/** Some of them would end a hash tag, make it empty, or be read as a part of a message. */
const KEYS = [
  ...['k', 'K', 'k ', ' k', 'k\n', '{k}', 'k}', '{}', '}', '{', '%7B', '%', 'k:waiting', 'ключ', '🔑', ' '],
  ...['\n', '=', 'a b c', '1 2 3', 'out', 'line', 'x'.repeat(1_024)],
];

export function grantingCases(scene: () => LockScene): void {
  it('grants a free lock', async () => {
    const { store } = scene();

    expect(await store.tryAcquire(writer('ann'))).toEqual(granted(expect.any(Number) as unknown as number));
    expect(await store.acquire(writer('bob', { key: 'other' }))).toMatchObject({ granted: true });
  });

  it('refuses everybody else, and says how long it is taken, and what time it is', async () => {
    const { bench, other, refused, take } = scene();
    await take(writer('ann'));
    await bench.advance(3_000);

    expect(await other.tryAcquire(writer('bob'))).toEqual(refused(7_000));
    expect(await other.acquire(writer('bob'))).toEqual(refused(7_000));
  });

  it('grants anew to its owner, with the same token and the whole ttl', async () => {
    const { bench, store, take, takenFor } = scene();
    const token = await take(writer('ann'));
    await bench.advance(3_000);

    expect(await store.tryAcquire(writer('ann'))).toEqual(granted(token));
    await takenFor(TTL);
    await bench.advance(3_000);
    expect(await store.acquire(writer('ann'))).toEqual(granted(token));
    await takenFor(TTL);
  });

  it('takes no more permits from who asks again', async () => {
    const { store, take } = scene();
    const token = await take(guest('ann', 3));

    expect(await store.tryAcquire(guest('ann', 3))).toEqual(granted(token));
    expect(await store.acquire(guest('ann', 3))).toEqual(granted(token));
    await take(guest('bob', 2));
  });

  it('does not grant it anew to who has lost it meanwhile', async () => {
    const { bench, store, take, refused } = scene();
    await take(writer('ann'));
    await bench.advance(TTL);
    await take(writer('bob'));

    expect(await store.tryAcquire(writer('ann'))).toEqual(refused(TTL));
  });

  it('keeps keys apart, whatever they are made of', async () => {
    const { store, told, take, wait, refused, held } = scene();
    for (const key of KEYS) await take(writer('ann', { key }));
    for (const key of KEYS) expect(await store.acquire(writer('bob', { key }))).toEqual(refused(TTL));
    for (const key of KEYS) expect(await held(writer('ann', { key }))).toBe(true);

    expect(await told()).toEqual(KEYS.map((key) => `${key}:bob`));
    for (const key of KEYS) await wait(writer('cid', { key }));
  });

  it('keeps owners apart, whatever they are made of', async () => {
    const { take, held, told, wait } = scene();
    const owners = ['a', 'A', '=a', 'a=', 'a:b', '%', 'ключ', 'host:1:x:2', '1', 'out'];
    await take(reader('first'));
    for (const owner of owners) await take(reader(owner));
    for (const owner of owners) expect(await held(reader(owner))).toBe(true);
    for (const owner of owners) expect(await held(reader(owner))).toBe(false);
    for (const owner of owners) await wait(writer(owner));
    await held(reader('first'));
    for (const owner of owners) expect(await held(writer(owner))).toBe(true);

    expect(await told()).toEqual(owners.map((owner) => `k:${owner}`));
  });
}
