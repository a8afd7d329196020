import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Lock } from '../../../lib/lock/lock.js';
import { HAND_OVER_MS } from '../../../lib/lock/lock.store.js';
import { settled } from '../../support/manual-clock.js';
import { claimOf, outcomeOf, type Outcome } from '../lock/lock.scene.js';
import { QuorumScene, TIMEOUT_MS, view, type QuorumProcess } from './quorum.scene.js';

/** One in each of the queues looks within this time, and the others follow. */
const LOOKED_MS = 1_700;

describe('a message of a lock server that comes late', () => {
  let scene: QuorumScene;
  let one: QuorumProcess;
  let other: QuorumProcess;

  beforeEach(() => {
    scene = new QuorumScene();
    one = scene.process();
    other = scene.process();
  });
  afterEach(() => scene.close());

  const waits = async ({ locks }: QuorumProcess, options = {}): Promise<Outcome<Lock>> => {
    const waiting = outcomeOf(locks.acquire('k', { wait: '1m', ...options }));
    await settled();
    await settled();
    return waiting;
  };

  const waiters = async (at: number): Promise<number> =>
    (await scene.servers[at]?.inspect('k'))?.waiters ?? -1;

  test('the lock is won, and the queue of a server that was not needed is left', async () => {
    const held = await one.locks.acquire('k');
    const waiting = await waits(other);
    const arrive = view(one.views, 2).slow('requests');
    await held.release();
    await settled();

    expect(waiting.value?.held).toBe(true);
    expect(await waiters(2)).toBe(0);
    arrive();
    await settled();
    expect(await scene.owners()).toEqual([[waiting.value?.owner], [waiting.value?.owner], []]);
  });

  test('the lock is won, and a server that was not needed has put its owner into the queue', async () => {
    const held = await one.locks.acquire('k');
    const waiting = await waits(other);
    const release = view(one.views, 2).slow('requests');
    const arrive = view(other.views, 2).slow('requests');
    await held.release();
    await settled();
    expect(waiting.value?.held).toBe(true);
    arrive();
    await settled();
    await settled();

    expect(await waiters(2)).toBe(0);
    release();
    await settled();
  });

  test('the first server that answers has changed, and the one before puts its waiter into the queue', async () => {
    const held = await one.locks.acquire('k');
    const arrive = view(other.views, 0).slow('requests');
    await waits(other);
    await scene.clock.advance(TIMEOUT_MS);
    expect(await waiters(1)).toBe(1);
    arrive();
    await settled();
    await settled();

    expect(await waiters(0)).toBe(0);
    await held.release();
  });

  test('all who wait in a process move back together, once one of them has', async () => {
    const held = await one.locks.acquire('k');
    scene.away(0);
    const waiting = [await waits(other), await waits(other), await waits(other)];
    expect(await waiters(1)).toBe(3);
    scene.away(0, 'no');
    await scene.clock.advance(LOOKED_MS);

    expect([await waiters(0), await waiters(1)]).toEqual([3, 0]);
    await held.release();
    await settled();
    expect(waiting.filter(({ value }) => value?.held)).toHaveLength(1);
  });

  test('a hand-over overtakes the answer that says to wait for it', async () => {
    const held = await one.locks.acquire('k');
    const arrive = view(other.views, 0).slow('answers');
    const waiting = await waits(other);
    await held.release();
    await settled();
    arrive();
    await settled();
    await settled();

    expect(waiting.value?.held).toBe(true);
  });

  test('a hand-over comes to one who has given up, and the word of that was lost', async () => {
    const held = await one.locks.acquire('k');
    const abort = new AbortController();
    await waits(other, { signal: abort.signal });
    scene.away(0);
    abort.abort(new Error('enough'));
    await settled();
    scene.away(0, 'no');
    await held.release();
    await settled();

    expect(await scene.isClean()).toBe(true);
  });

  test('a hand-over comes when it has lapsed already, so the others of the process look whether they are in the queue', async () => {
    const held = await one.locks.acquire('k');
    await waits(other);
    await waits(other);
    view(other.views, 0).deaf = true;
    await held.release();
    await scene.servers[0]?.forceRelease('k');
    const { calls, handOvers } = view(other.views, 0);
    const [first] = handOvers;
    calls.length = 0;
    view(other.views, 0).deaf = false;
    scene.servers[0]?.tell('k', first?.owner ?? '', first?.handOver ?? { token: 0, until: 0 });
    await settled();

    expect(calls.filter((call) => call === 'acquire')).toHaveLength(1);
    await scene.clock.advance(HAND_OVER_MS);
  });

  test('the second round ends when the time that was asked for is over', async () => {
    const late = [0, 1, 2].map((at) => view(one.views, at).slow('answers'));
    const tried = outcomeOf(one.store.tryAcquire(claimOf('ann', { ttlMs: 150 })));
    await scene.clock.advance(100);
    const later = [0, 1, 2].map((at) => view(one.views, at).slow('answers'));
    for (const arrive of late) arrive();
    await scene.clock.advance(100);
    for (const arrive of later) arrive();
    await settled();

    expect(tried.value).toMatchObject({ granted: false });
    await settled();
    expect(await scene.isClean()).toBe(true);
  });

  test('the first server is released last, so that whoever it hands the lock to finds the others free', async () => {
    const lock = await one.locks.acquire('k');
    const spies = scene.servers.map((server) => jest.spyOn(server, 'release'));
    await lock.release();
    await settled();

    const order = spies.map(({ mock }) => mock.invocationCallOrder[0] ?? 0);
    expect(order).toEqual(order.toSorted((a, b) => b - a));
  });
});
