import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { LockTimeoutError } from '../../../lib/lock/lock.errors.js';
import type { Lock } from '../../../lib/lock/lock.js';
import { HAND_OVER_MS } from '../../../lib/lock/lock.store.js';
import { settled } from '../../support/manual-clock.js';
import { outcomeOf, type Outcome } from '../lock/lock.scene.js';
import { QuorumScene, SLACK, TIMEOUT_MS, TTL, view, type QuorumProcess } from './quorum.scene.js';

describe('waiting for a lock of a quorum', () => {
  let scene: QuorumScene;
  let one: QuorumProcess;
  let other: QuorumProcess;
  let third: QuorumProcess;

  beforeEach(() => {
    scene = new QuorumScene();
    one = scene.process();
    other = scene.process();
    third = scene.process();
  });
  afterEach(() => scene.close());

  const waits = async ({ locks }: QuorumProcess, options = {}): Promise<Outcome<Lock>> => {
    const waiting = outcomeOf(locks.acquire('k', { wait: '1m', ...options }));
    await settled();
    await settled();
    return waiting;
  };

  const callsOf = ({ views }: QuorumProcess): readonly (readonly string[])[] =>
    views.map(({ calls }) => [...calls]);

  /** Nobody is told anything of the past. */
  const forgetCalls = ({ views }: QuorumProcess): void => {
    for (const { calls } of views) calls.length = 0;
  };

  test('is done in the queue of one server, and nobody polls', async () => {
    const held = await one.locks.acquire('k');
    await waits(other);
    expect(callsOf(other)).toEqual([['acquire'], [], []]);
    forgetCalls(other);
    await scene.clock.advance(20_000);

    // It only looks whether that server is still there.
    expect(callsOf(other)[0]?.length).toBeLessThan(20);
    expect(callsOf(other).slice(1)).toEqual([[], []]);
    await held.release();
  });

  test('ends with the release, and costs a question and a confirmation of each server', async () => {
    const held = await one.locks.acquire('k');
    const waiting = await waits(other);
    await held.release();
    await settled();

    expect(waiting.value?.held).toBe(true);
    expect(waiting.value?.fencingToken).toBeGreaterThan(held.fencingToken);
    expect(callsOf(other)).toEqual([
      ['acquire', 'extend'],
      ['acquire', 'extend'],
      ['acquire', 'extend'],
    ]);
  });

  test('is served in the order in which they came', async () => {
    const held = await one.locks.acquire('k');
    const order: string[] = [];
    const visits = [];
    for (const [name, { locks }] of Object.entries({ ann: other, bob: third, cid: other, dan: one })) {
      visits.push(
        locks.run('k', { wait: '1m' }, () => {
          order.push(name);
        }),
      );
      await settled();
    }
    await held.release();
    await Promise.all(visits);

    expect(order).toEqual(['ann', 'bob', 'cid', 'dan']);
  });

  test('is not overtaken by one who only tries, while servers are released one by one', async () => {
    const held = await one.locks.acquire('k');
    const waiting = await waits(other);
    // The first server has handed it on, and that one has not got to the others yet.
    const arrive = [view(other.views, 1).slow('requests'), view(other.views, 2).slow('requests')];
    await held.release();
    await settled();

    expect(await third.locks.tryAcquire('k')).toBeNull();
    for (const each of arrive) each();
    await settled();
    await settled();
    expect(waiting.value?.held).toBe(true);
  });

  test('goes on in the queues of servers that are released later', async () => {
    const held = await one.locks.acquire('k');
    const waiting = await waits(other);
    const arrive = [view(one.views, 1).slow('requests'), view(one.views, 2).slow('requests')];
    const released = held.release();
    await settled();
    expect(waiting.state).toBe('pending');
    for (const each of arrive) each();
    await released;
    await settled();

    expect(waiting.value?.held).toBe(true);
    expect(scene.clock.fired).toBe(0);
  });

  test('goes on at the next server when the first one is gone', async () => {
    const held = await one.locks.acquire('k');
    const waiting = await waits(other);
    const last = await waits(third);
    scene.away(0);
    await scene.clock.advance(HAND_OVER_MS + SLACK);
    await held.release();
    await scene.clock.advance(TIMEOUT_MS);

    expect([waiting, last].filter(({ value }) => value?.held)).toHaveLength(1);
    await (waiting.value ?? last.value)?.release();
    await scene.clock.advance(SLACK);
    expect([waiting.state, last.state]).toEqual(['fulfilled', 'fulfilled']);
  });

  test('goes on at the next server for all who wait in the process, once one has noticed', async () => {
    const held = await one.locks.acquire('k');
    const waiting = [await waits(other), await waits(other), await waits(other)];
    scene.away(0);
    await scene.clock.advance(HAND_OVER_MS + 2 * TIMEOUT_MS);

    expect(await scene.servers[1]?.inspect('k')).toMatchObject({ waiters: 3 });
    await held.release();
    for (const each of waiting) {
      await settled();
      expect(each.value?.held).toBe(true);
      await each.value?.release();
    }
  });

  test('goes back to the first server when that answers again', async () => {
    const held = await one.locks.acquire('k');
    scene.away(0);
    const waiting = await waits(other);
    scene.away(0, 'no');
    await scene.clock.advance(HAND_OVER_MS + SLACK);

    expect(await scene.servers[0]?.inspect('k')).toMatchObject({ waiters: 1 });
    expect(await scene.servers[1]?.inspect('k')).toMatchObject({ waiters: 0 });
    await held.release();
    await settled();
    expect(waiting.value?.held).toBe(true);
  });

  test('goes on at once when a server says that something may have been missed', async () => {
    const held = await one.locks.acquire('k');
    const waiting = await waits(other);
    view(other.views, 0).deaf = true;
    await held.release();
    await settled();
    expect(waiting.state).toBe('pending');
    view(other.views, 0).gap();
    await settled();
    await settled();

    expect(waiting.value?.held).toBe(true);
  });

  test('does not end when the first server comes back empty while another holds the lock', async () => {
    const held = await one.locks.acquire('k', { renew: false });
    const waiting = await waits(other);
    scene.servers[0]?.restart();
    await scene.clock.advance(TTL - 1_000);
    expect(waiting.state).toBe('pending');
    expect(held.held).toBe(true);
    await held.release();
    await scene.clock.advance(SLACK);

    expect(waiting.value?.held).toBe(true);
  });

  test('is over for one of two who got a part each, and the other one tries again', async () => {
    scene.away(2);
    const arrive = view(other.views, 0).slow('requests');
    const waiting = await waits(other);
    // It takes the second server for the first that answers.
    await scene.clock.advance(TIMEOUT_MS + 1);
    const first = await waits(one);
    arrive();
    await scene.clock.advance(30_000);
    const winner = [first, waiting].find(({ value }) => value?.held);
    await winner?.value?.release();
    await scene.clock.advance(SLACK);

    expect([first.state, waiting.state]).toEqual(['fulfilled', 'fulfilled']);
  });

  test('ends by its time-out although a majority is away, and says why', async () => {
    const held = await one.locks.acquire('k');
    const waiting = await waits(other, { wait: '20s' });
    scene.away(0);
    scene.away(1);
    await scene.clock.advance(20_000);

    expect(waiting.reason).toBeInstanceOf(LockTimeoutError);
    expect(((waiting.reason as Error).cause as Error).message).toContain('1 of 3 lock servers answered');
    expect(held.held).toBe(false);
  });

  test('does not ask again and again while a majority is away', async () => {
    await one.locks.acquire('k');
    await waits(other);
    scene.away(0);
    scene.away(1);
    await scene.clock.advance(20_000);
    forgetCalls(other);
    await scene.clock.advance(20_000);

    for (const calls of callsOf(other)) expect(calls.length).toBeLessThan(80);
  });

  test('leaves nothing behind when one gives up', async () => {
    const held = await one.locks.acquire('k');
    const abort = new AbortController();
    const waiting = await waits(other, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await settled();

    expect(waiting.reason).toEqual(new Error('enough'));
    await held.release();
    await settled();
    expect(await scene.isClean()).toBe(true);
  });

  test('leaves nothing behind when one gives up between the servers', async () => {
    const held = await one.locks.acquire('k');
    const abort = new AbortController();
    const waiting = await waits(other, { signal: abort.signal });
    const arrive = [view(other.views, 1).slow('requests'), view(other.views, 2).slow('requests')];
    await held.release();
    await settled();
    abort.abort(new Error('enough'));
    await settled();
    for (const each of arrive) each();
    await settled();
    await settled();

    expect(waiting.state).toBe('rejected');
    expect(await scene.isClean()).toBe(true);
  });
});
