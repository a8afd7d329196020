import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { EngineUnavailableError } from '../../lib/common/errors.js';
import { LockLostError } from '../../lib/lock/lock.errors.js';
import type { Lock } from '../../lib/lock/lock.js';
import type { LockService } from '../../lib/lock/lock.service.js';
import { outcomeOf } from '../unit/lock/lock.scene.js';
import { eventually } from '../support/eventually.js';
import { LockQuorumScene, TTL_MS } from './lock-quorum.scene.js';

/** No attempt takes longer, whatever has happened to the servers. */
const BOUND_MS = 2_000;

describe('locks over three Redis servers', () => {
  let scene: LockQuorumScene;
  let one: LockService;
  let other: LockService;

  beforeEach(async () => {
    scene = await LockQuorumScene.start();
    one = await scene.process();
    other = await scene.process();
  });
  afterEach(() => scene.close());

  const waiting = (waiters: number, key = 'k'): Promise<void> =>
    eventually(async () => expect(await one.inspect(key)).toMatchObject({ waiters }));

  /** It has been renewed until its first ttl was long over. */
  const outlastsItsTtl = async (lock: Lock): Promise<void> => {
    const endOf = async (): Promise<number> => (await one.inspect('k'))?.until.getTime() ?? 0;
    const first = await endOf();
    await eventually(async () => expect(await endOf()).toBeGreaterThan(first + TTL_MS));
    expect(lock.held).toBe(true);
    expect(lock.signal.aborted).toBe(false);
  };

  const without = async (...servers: readonly number[]): Promise<void> => {
    await Promise.all(servers.map((at) => scene.server(at).kill()));
  };

  test('are handed from process to process, in the order in which they asked', async () => {
    const held = await one.acquire('k');
    const order: number[] = [];
    const visits = [];
    for (let at = 0; at < 8; at++) {
      const locks = at % 2 === 0 ? one : other;
      visits.push(locks.run('k', {}, () => void order.push(at)));
      await waiting(at + 1);
    }
    await held.release();
    await Promise.all(visits);

    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await one.isHeld('k')).toBe(false);
  });

  test('are shared by readers, and kept from a writer', async () => {
    const first = await one.acquire('k', { mode: 'read' });
    const second = await other.tryAcquire('k', { mode: 'read' });
    expect(second?.held).toBe(true);
    expect(await one.tryAcquire('k')).toBeNull();
    const writer = outcomeOf(other.acquire('k'));
    await waiting(1);
    await Promise.all([first.release(), second?.release()]);

    await eventually(() => expect(writer.value?.held).toBe(true));
  });

  test('go on when the first server is killed', async () => {
    const lock = await one.acquire('k');
    const next = outcomeOf(other.acquire('k'));
    await waiting(1);
    await without(0);
    await outlastsItsTtl(lock);
    expect(next.state).toBe('pending');
    expect(await lock.release()).toBe(true);

    await eventually(() => expect(next.value?.held).toBe(true));
    expect(next.value?.fencingToken).toBeGreaterThan(lock.fencingToken);
  });

  test('go on while a server hangs, and when it is back', async () => {
    const lock = await one.acquire('k');
    const next = outcomeOf(other.acquire('k'));
    await waiting(1);
    scene.server(1).pause();
    await outlastsItsTtl(lock);
    expect(await lock.release()).toBe(true);
    await eventually(() => expect(next.value?.held).toBe(true));
    scene.server(1).resume();
    await next.value?.release();

    const third = await one.acquire('k');
    expect(third.fencingToken).toBeGreaterThan(next.value?.fencingToken ?? 0);
    await third.release();
  });

  test('are free on a server that hung when they were released, soon after it is back', async () => {
    const lock = await one.acquire('k', { ttl: '1m' });
    scene.server(0).pause();
    // Its connection is given up, so that the release is not even sent.
    await one.inspect('k');
    expect(await lock.release()).toBe(true);
    scene.server(0).resume();

    const next = await other.acquire('k', { wait: '8s' });
    expect(next.fencingToken).toBeGreaterThan(lock.fencingToken);
    await next.release();
  });

  test('are held on while a server comes back empty, and nobody else gets them', async () => {
    const lock = await one.acquire('k');
    await scene.server(0).restart();

    await expect(other.acquire('k', { wait: '1s' })).rejects.toMatchObject({ code: 'DEPOT_LOCK_TIMEOUT' });
    await outlastsItsTtl(lock);
    await lock.release();
  });

  test('survive one server after the other, when those that were lost are back', async () => {
    const lock = await one.acquire('k');
    for (const at of [0, 1, 2]) {
      await scene.server(at).restart();
      // The next renewal takes the lock there, too.
      await eventually(async () => expect(await scene.server(at).command('DBSIZE')).toBe('1'));
    }

    expect(lock.held).toBe(true);
    expect(await lock.release()).toBe(true);
  });

  test.each([
    ['killed', async (at: number) => scene.server(at).kill()],
    ['hanging', async (at: number) => scene.server(at).pause()],
  ])('are lost, and say so, when two servers are %s; and nothing hangs', async (_, break_) => {
    const lock = await one.acquire('k');
    const { signal } = lock;
    await Promise.all([break_(0), break_(1)]);
    const startedAt = performance.now();

    await expect(other.acquire('j')).rejects.toThrow(EngineUnavailableError);
    await expect(other.tryAcquire('j')).rejects.toThrow(/^1 of 3 lock servers answered; 2 are needed: /);
    await expect(other.inspect('k')).rejects.toThrow(EngineUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(BOUND_MS);
    if (!signal.aborted) await once(signal, 'abort');
    expect(signal.reason).toBeInstanceOf(LockLostError);
    expect(await lock.release()).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(TTL_MS + BOUND_MS);
  });

  test('are there again when a majority is', async () => {
    await without(1, 2);
    await expect(one.tryAcquire('k')).rejects.toThrow(EngineUnavailableError);
    await scene.server(1).start();

    const lock = await eventually(() => one.acquire('k'));
    expect(lock.held).toBe(true);
    await lock.release();
  });

  test('are waited for while a majority is away, and granted when it is back', async () => {
    const lock = await one.acquire('k', { renew: false });
    const next = outcomeOf(other.acquire('k', { wait: '20s' }));
    await waiting(1);
    await without(0, 1);
    if (!lock.signal.aborted) await once(lock.signal, 'abort');
    await Promise.all([scene.server(0).start(), scene.server(1).start()]);

    await eventually(() => expect(next.value?.held).toBe(true), { within: 10_000 });
  });

  test('leave the servers to others when their waiters give up', async () => {
    const lock = await one.acquire('k');
    const abort = new AbortController();
    const next = outcomeOf(other.acquire('k', { signal: abort.signal }));
    await waiting(1);
    abort.abort(new Error('enough'));
    await waiting(0);

    expect(next.reason).toEqual(new Error('enough'));
    await lock.release();
    await eventually(async () => expect(await one.isHeld('k')).toBe(false));
  });
});
