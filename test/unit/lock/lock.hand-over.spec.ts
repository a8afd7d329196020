import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Lock } from '../../../lib/lock/lock.js';
import { HAND_OVER_MS } from '../../../lib/lock/lock.store.js';
import { settled } from '../../support/manual-clock.js';
import { LockScene, TTL, claimOf, outcomeOf, type Outcome } from './lock.scene.js';

describe('a lock that is handed over', () => {
  let scene: LockScene;

  beforeEach(() => {
    scene = new LockScene();
  });
  afterEach(() => scene.close());

  /** One who waits for what a stranger has. */
  const waits = async (options = {}): Promise<Outcome<Lock>> => {
    const waiting = outcomeOf(scene.locks.acquire('k', { wait: '1m', ...options }));
    await settled();
    return waiting;
  };

  /** The engine has forgotten whose claim was the nth. */
  const dropped = async (nth: number): Promise<void> => {
    await scene.engine.release(claimOf(scene.store.claims[nth]?.owner ?? ''));
  };

  test('is held from the message on, without a further call', async () => {
    await scene.taken();
    const waiting = await waits();
    await scene.given();

    expect(waiting.value?.held).toBe(true);
    expect(waiting.value?.fencingToken).toBe(scene.store.handOvers[0]?.handOver.token);
    expect(scene.store.calls).toEqual(['acquire']);
  });

  test('is held although the message overtakes the answer that says to wait', async () => {
    await scene.taken();
    const arrive = scene.store.slow('answers');
    const waiting = await waits();
    await scene.given();
    expect(scene.store.handOvers).toHaveLength(1);
    expect(waiting.state).toBe('pending');
    arrive();
    await settled();

    expect(waiting.value?.held).toBe(true);
    expect(scene.store.calls).toEqual(['acquire']);
  });

  test('is taken up by asking when the message comes while one asks again', async () => {
    await scene.taken();
    const waiting = await waits();
    const arrive = scene.store.slow('requests');
    scene.store.gap();
    await scene.given();
    expect(waiting.state).toBe('pending');
    arrive();
    await settled();
    await scene.clock.advance(HAND_OVER_MS / 3);

    expect(waiting.value?.held).toBe(true);
    expect(scene.store.calls).toEqual(['acquire', 'acquire']);
  });

  test('is held although the question that it overtook fails', async () => {
    await scene.taken();
    const waiting = await waits();
    const arrive = scene.store.slow('requests');
    scene.store.gap();
    await scene.given();
    scene.store.away = 'before';
    arrive();
    await settled();
    scene.store.away = 'no';
    await scene.clock.advance(1_000);

    expect(waiting.value?.held).toBe(true);
  });

  test('is no lock when the answer that it overtook comes too late: it is asked for once more', async () => {
    await scene.taken();
    const arrive = scene.store.slow('answers');
    const waiting = await waits();
    await scene.given();
    scene.clock.jump(HAND_OVER_MS);
    await scene.taken();
    arrive();
    await settled();
    expect(waiting.state).toBe('pending');
    expect(scene.store.calls).toEqual(['acquire', 'acquire']);
    await scene.given();

    expect(waiting.state).toBe('fulfilled');
  });

  test('is no lock when the message comes too late: all who wait here ask again', async () => {
    await scene.taken();
    const first = await waits();
    const second = await waits();
    scene.store.deaf = true;
    await scene.given();
    // Nobody took it up in time, so an engine drops the others of this process, too.
    await dropped(1);
    scene.clock.jump(HAND_OVER_MS);
    await scene.taken();
    scene.store.deaf = false;
    scene.store.tell();
    await settled();
    expect([first.state, second.state]).toEqual(['pending', 'pending']);
    await scene.given();
    expect([first.state, second.state]).toEqual(['fulfilled', 'pending']);
    await first.value?.release();
    await settled();

    expect(second.state).toBe('fulfilled');
  });

  test('ends as the engine said, counted from before the question', async () => {
    await scene.taken(60_000);
    const arrive = scene.store.slow('requests');
    const waiting = await waits();
    // The engine's time in the answer is half a second later than the question.
    await scene.clock.advance(500);
    arrive();
    await settled();
    await scene.given();
    const { until = 0 } = scene.store.handOvers[0]?.handOver ?? {};
    expect(until - scene.clock.now()).toBe(HAND_OVER_MS);
    scene.store.away = 'before';
    await scene.clock.advance(HAND_OVER_MS - 500 - 1);
    expect(waiting.value?.held).toBe(true);
    await scene.clock.advance(1);

    expect(waiting.value?.held).toBe(false);
  });

  test('is not believed when by that count it is over', async () => {
    await scene.taken(60_000);
    const arrive = scene.store.slow('requests');
    const waiting = await waits();
    await scene.clock.advance(500);
    arrive();
    await settled();
    scene.store.deaf = true;
    await scene.given();
    await scene.clock.advance(HAND_OVER_MS - 500);
    scene.store.deaf = false;
    const before = scene.store.calls.length;
    scene.store.tell();
    await settled();

    expect(scene.store.calls.slice(before)).toEqual(['acquire']);
    expect(waiting.value?.held).toBe(true);
  });

  test('is renewed after a third of the hand-over, to its whole ttl', async () => {
    await scene.taken();
    const waiting = await waits();
    await scene.given();
    await scene.clock.advance(HAND_OVER_MS / 3 - 1);
    expect(scene.store.calls).toEqual(['acquire']);
    await scene.clock.advance(1);
    expect(scene.store.calls).toEqual(['acquire', 'extend']);
    const [holder] = (await scene.engine.inspect('k')).holders;
    expect(holder?.until).toBe(scene.clock.now() + TTL);
    await scene.clock.advance(TTL / 3 - 1);
    expect(scene.store.calls).toEqual(['acquire', 'extend']);
    await scene.clock.advance(1);

    expect(scene.store.calls).toEqual(['acquire', 'extend', 'extend']);
    expect(waiting.value?.held).toBe(true);
  });

  test('is renewed once when it is not to be renewed, and then ends', async () => {
    await scene.taken();
    const waiting = await waits({ renew: false });
    await scene.given();
    await scene.clock.advance(HAND_OVER_MS / 3 + TTL - 1);
    expect(waiting.value?.held).toBe(true);
    expect(scene.store.calls).toEqual(['acquire', 'extend']);
    await scene.clock.advance(1);

    expect(waiting.value?.held).toBe(false);
    expect(await scene.isFree()).toBe(true);
  });

  test('is renewed after a third of its ttl if that is the shorter one', async () => {
    await scene.taken();
    await waits({ ttl: 600 });
    await scene.given();
    expect(scene.store.handOvers[0]?.handOver.until).toBe(scene.clock.now() + 600);
    await scene.clock.advance(200);

    expect(scene.store.calls).toEqual(['acquire', 'extend']);
  });

  test('is lost when it can not be renewed in time', async () => {
    await scene.taken();
    const waiting = await waits();
    await scene.given();
    scene.store.away = 'before';
    await scene.clock.advance(HAND_OVER_MS);

    expect(waiting.value?.held).toBe(false);
    expect(scene.losses).toHaveLength(1);
  });

  test('stays held when the message comes again', async () => {
    await scene.taken();
    const waiting = await waits();
    await scene.given();
    scene.store.tell();
    await settled();

    expect(waiting.value?.held).toBe(true);
    expect(await scene.isFree()).toBe(false);
  });

  test('is no longer held when the message comes again after the release', async () => {
    await scene.taken();
    const waiting = await waits();
    await scene.given();
    await waiting.value?.release();
    const next = await scene.locks.acquire('k');
    scene.store.tell();
    await settled();

    expect(next.held).toBe(true);
    expect(await scene.isFree()).toBe(false);
  });

  test('to somebody who has given up goes to the next one', async () => {
    await scene.taken();
    const abort = new AbortController();
    const first = await waits({ signal: abort.signal });
    const next = await waits();
    // The word that the first one leaves is lost.
    scene.store.away = 'before';
    abort.abort();
    await settled();
    scene.store.away = 'no';
    expect(first.state).toBe('rejected');
    await scene.given();
    await settled();

    expect(next.value?.held).toBe(true);
  });
});
