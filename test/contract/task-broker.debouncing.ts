import { expect, it } from '@jest/globals';
import type { Unique } from '../../lib/task/task.broker.js';
import { ADDED, completed, inPlaceOf, retried, type Fleet, type TestWorker } from './task-broker.fleet.js';
import { keyed } from './task-broker.unique.js';

export function debouncingCases(fleet: () => Fleet): void {
  const debounced = (id: string, more: Partial<Unique> = {}) =>
    keyed(id, 'debounce', { ttlMs: 1_000, ...more });
  const dueAt = async (worker: TestWorker, id: string): Promise<number | undefined> =>
    (await worker.queue.read([id]))[0]?.at;

  it('runs the last one, once, when there was none for its time', async () => {
    const worker = await fleet().worker();
    expect(await worker.queue.add([debounced('a')])).toEqual([ADDED]);
    await fleet().advance(900);
    expect(await worker.queue.add([debounced('b')])).toEqual([inPlaceOf('a')]);
    await fleet().advance(900);
    expect(await worker.queue.add([debounced('c')])).toEqual([inPlaceOf('b')]);
    await fleet().advance(999);
    expect(await worker.claim(5)).toEqual([]);
    await fleet().advance(1);

    expect(await worker.claim(5)).toEqual(['c']);
    expect(await fleet().places()).toEqual({ active: ['c'], cancelled: ['a', 'b'] });
  });

  it('falls due after its time, whatever due time the task has of its own', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([keyed('a', 'debounce', { ttlMs: 1_000, due: { inMs: 60_000 } })]);
    await worker.queue.add([keyed('b', 'debounce', { key: 'other', ttlMs: 1_000, due: { atMs: 5 } })]);
    const now = fleet().engine.now();

    expect([await dueAt(worker, 'a'), await dueAt(worker, 'b')]).toEqual([now + 1_000, now + 1_000]);
  });

  it('runs one at the latest maxWaitMs after the first of them', async () => {
    const worker = await fleet().worker();
    const start = fleet().engine.now();
    for (let at = 0; at < 5; at++) {
      await worker.queue.add([debounced(`t${at}`, { maxWaitMs: 3_000 })]);
      expect(await dueAt(worker, `t${at}`)).toBe(Math.min(start + at * 600 + 1_000, start + 3_000));
      await fleet().advance(600);
    }

    expect(await worker.claim(5)).toEqual(['t4']);
  });

  it('begins to count anew once one has run', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([debounced('a', { maxWaitMs: 1_500 })]);
    await fleet().advance(1_000);
    expect(await worker.claim(1)).toEqual(['a']);
    await fleet().advance(1_000);

    expect(await worker.queue.add([debounced('b', { maxWaitMs: 1_500 })])).toEqual([ADDED]);

    expect(await dueAt(worker, 'b')).toBe(fleet().engine.now() + 1_000);
  });

  it('is due at once when the longest wait is over already', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause();
    await worker.queue.add([debounced('a', { maxWaitMs: 1_200 })]);
    await fleet().advance(1_000);
    await worker.step(0);
    expect(await worker.states('a')).toEqual(['waiting']);
    await fleet().advance(500);

    expect(await worker.queue.add([debounced('b', { maxWaitMs: 1_200 })])).toEqual([inPlaceOf('a')]);

    expect(await worker.states('b')).toEqual(['waiting']);
  });

  it('has the one that comes while another is active take over the key', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([debounced('a')]);
    await fleet().advance(1_000);
    expect(await worker.claim(1)).toEqual(['a']);
    expect(await worker.queue.add([debounced('b')])).toEqual([ADDED]);

    expect(await worker.queue.add([debounced('c')])).toEqual([inPlaceOf('b')]);
    await worker.step(0, completed('a'));
    expect(await worker.queue.add([debounced('d')])).toEqual([inPlaceOf('c')]);

    expect(await worker.states('a', 'b', 'c', 'd')).toEqual([
      'completed',
      'cancelled',
      'cancelled',
      'delayed',
    ]);
  });

  it('leaves an active one alone that is tried again after another has taken over its key', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([debounced('a')]);
    await fleet().advance(1_000);
    await worker.claim(1);
    await worker.queue.add([debounced('b')]);
    await worker.step(0, retried('a', 60_000));

    expect(await worker.queue.add([debounced('c')])).toEqual([inPlaceOf('b')]);

    expect(await worker.states('a', 'b', 'c')).toEqual(['delayed', 'cancelled', 'delayed']);
  });

  it('tells somebody idle of the new time, and promotes at once when asked', async () => {
    const worker = await fleet().worker();
    await worker.claim(1);
    await worker.queue.add([debounced('a')]);
    expect(await worker.dues()).toEqual([1_000]);

    expect(await worker.queue.promote(['a'])).toEqual([true]);

    expect(await worker.handedIds()).toEqual(['a']);
  });
}
