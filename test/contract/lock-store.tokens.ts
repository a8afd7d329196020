import { expect, it } from '@jest/globals';
import { TOKEN_KEPT_MS } from '../../lib/lock/lock.store.js';
import { expectGrowing, granted, guest, reader, TTL, writer, type LockScene } from './lock-store.scene.js';

const DAY = 86_400_000;
/** An hour in which nobody can catch up by taking it once a millisecond. */
const FAR = 3_600_000_000;

export function tokenCases(scene: () => LockScene): void {
  it('grow with every grant, however the lock became free', async () => {
    const { bench, store, take, wait, held, handedTo } = scene();
    const tokens = [await take(writer('ann'))];
    await held(writer('ann'));
    tokens.push(await take(writer('bob')));
    await bench.advance(TTL);
    tokens.push(await take(writer('cid')));
    await wait(writer('dan'));
    await held(writer('cid'));
    tokens.push((await handedTo('dan')).token);
    await store.forceRelease('k');
    tokens.push(await take(writer('eve')));
    await held(writer('eve'));
    tokens.push(await take(writer('ann')));

    expectGrowing(tokens);
  });

  it('are different for all who share a lock, and grow in the order in which they came', async () => {
    const { take } = scene();

    expectGrowing([await take(reader('ann')), await take(reader('bob')), await take(reader('cid'))]);
  });

  it('grow with every hand-over, also when several are handed it at once', async () => {
    const { take, wait, held, handedTo } = scene();
    const first = await take(writer('ann'));
    for (const owner of ['bob', 'cid', 'dan']) await wait(reader(owner));
    await held(writer('ann'));
    const tokens = await Promise.all(['bob', 'cid', 'dan'].map((owner) => handedTo(owner)));

    expectGrowing([first, ...tokens.map(({ token }) => token)]);
  });

  it('are one greater than the last one within a moment, and of the clock later', async () => {
    const { bench, take, held } = scene();
    const token = await take(writer('ann'));
    await held(writer('ann'));
    expect(await take(writer('bob'))).toBe(token + 1);
    await held(writer('bob'));
    await bench.advance(1);

    expect(await take(writer('cid'))).toBe(token + 1_000);
    expect(token).toBe((bench.now() - 1) * 1_000);
  });

  it('stay the same while the lock is held', async () => {
    const { bench, store, take } = scene();
    const token = await take(writer('ann'));
    await bench.advance(1_000);
    await store.extend(writer('ann'), TTL);
    await bench.advance(1_000);

    expect(await store.acquire(writer('ann'))).toEqual(granted(token));
    expect((await store.inspect('k')).holders).toMatchObject([{ token }]);
  });

  it('grow although the clock is set back', async () => {
    const { bench, take, held } = scene();
    const before = await take(writer('ann'));
    await held(writer('ann'));
    await bench.jump(-60_000);
    const between = await take(writer('bob'));
    await held(writer('bob'));

    expectGrowing([before, between, await take(writer('cid'))]);
  });

  it('grow although the clock is set back while somebody waits', async () => {
    const { bench, take, wait, held, handedTo } = scene();
    const before = await take(writer('ann'));
    await wait(writer('bob'));
    await bench.jump(-60_000);
    await held(writer('ann'));

    expect((await handedTo('bob')).token).toBe(before + 1);
  });

  it('grow although all that was stored is lost', async () => {
    const { bench, take } = scene();
    const before = await take(writer('ann'));
    await bench.forget();
    await bench.advance(1);

    expectGrowing([before, await take(writer('bob'))]);
  });

  it('grow although the lock was left alone for longer than they are kept', async () => {
    const { bench, take, held } = scene();
    const before = await take(writer('ann'));
    await held(writer('ann'));
    await bench.advance(2 * DAY);

    expectGrowing([before, await take(writer('bob'))]);
  });

  it('are kept for a day after the lock was over, should the clock be set back', async () => {
    const { bench, take, held } = scene();
    const before = await take(writer('ann'));
    await held(writer('ann'));
    await bench.advance(TTL + TOKEN_KEPT_MS - 10_000);
    await bench.jump(-2 * DAY);

    expect(await take(writer('bob'))).toBe(before + 1);
  });

  it('are kept for as long as the one who has it longest, whoever shared it meanwhile', async () => {
    const { bench, take, held } = scene();
    await take(reader('ann', { ttlMs: 5 * DAY }));
    const before = await take(reader('bob'));
    await held(reader('bob'));
    await bench.advance(4 * DAY);
    await held(reader('ann', { ttlMs: 5 * DAY }));
    await bench.jump(-9 * DAY);

    expect(await take(writer('cid'))).toBe(before + 1);
  });

  it('last as long as a lock that is held for days', async () => {
    const { bench, store, take } = scene();
    const token = await take(writer('ann', { ttlMs: 3 * DAY }));
    await bench.advance(2 * DAY);

    expect(await store.acquire(writer('ann', { ttlMs: 3 * DAY }))).toEqual(granted(token));
  });

  it('go on from one that was seen elsewhere, and the holder keeps his own', async () => {
    const { store, take, held, handedTo, wait } = scene();
    const token = await take(writer('ann'));

    expect(await store.extend(writer('ann'), TTL, token + FAR)).toBe(true);
    expect(await store.acquire(writer('ann'))).toEqual(granted(token));
    await wait(writer('bob'));
    await held(writer('ann'));
    expect((await handedTo('bob')).token).toBe(token + FAR + 1);
    await held(writer('bob'));
    expect(await take(writer('cid'))).toBe(token + FAR + 2);
  });

  it('do not go back to one that was seen elsewhere', async () => {
    const { store, take, held } = scene();
    const token = await take(writer('ann'));

    expect(await store.extend(writer('ann'), TTL, token - 1)).toBe(true);
    await held(writer('ann'));
    expect(await take(writer('bob'))).toBe(token + 1);
  });

  it('are not told by who does not have the lock', async () => {
    const { store, take, held } = scene();
    const token = await take(guest('ann'));

    expect(await store.extend(guest('bob'), TTL, token + FAR)).toBe(false);
    await held(guest('ann'));
    expect(await take(guest('cid'))).toBe(token + 1);
  });
}
