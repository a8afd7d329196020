import { expect, it } from '@jest/globals';
import type { NewTask, QueueLimits } from '../../lib/task/task.broker.js';
import { completed, dead, one, retried, tasks, type Fleet, type TestWorker } from './task-broker.fleet.js';

/** So many tasks of a priority, named for it and numbered. */
const many = (priority: number, count: number, from = 0): NewTask[] =>
  Array.from({ length: count }, (_, at) => one(`p${priority}-${from + at}`, { priority }));

/** How many of these ids are of that priority. */
const share = (ids: readonly string[], priority: number): number =>
  ids.filter((id) => id.startsWith(`p${priority}-`)).length;

export function priorityCases(fleet: () => Fleet): void {
  it('claims the highest priority first, and first in first out within one', async () => {
    const worker = await fleet().worker();
    const priorities = [3, 9, 0, 5, 9, 7, 1, 3, 8, 2, 6, 4, 0];
    await worker.queue.add(priorities.map((priority, at) => one(`${priority}.${at}`, { priority })));
    const order = [
      '9.1',
      '9.4',
      '8.8',
      '7.5',
      '6.10',
      '5.3',
      '4.11',
      '3.0',
      '3.7',
      '2.9',
      '1.6',
      '0.2',
      '0.12',
    ];

    expect(await worker.list('waiting')).toEqual(order);
    expect(await worker.list('waiting')).toHaveLength((await worker.queue.counts()).waiting);
    expect([...(await worker.claim(1)), ...(await worker.claim(4)), ...(await worker.claim(20))]).toEqual(
      order,
    );
  });

  it('takes 5 for the priority of a task that says nothing', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('low', { priority: 4 }), one('plain'), one('high', { priority: 6 })]);

    expect(await worker.list('waiting')).toEqual(['high', 'plain', 'low']);
    expect((await worker.queue.read(['low', 'plain', 'high'])).map((record) => record?.priority)).toEqual([
      4, 5, 6,
    ]);
  });

  it('hands the highest priority over first', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause();
    await worker.claim(2);
    await worker.queue.add([...many(2, 2), ...many(8, 2)]);

    await worker.queue.resume();

    expect(await worker.handedIds()).toEqual(['p8-0', 'p8-1']);
    expect(await worker.list('waiting')).toEqual(['p2-0', 'p2-1']);
  });

  it('keeps the priority of a task that was delayed, at once and between attempts', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([
      one('high', { priority: 8, due: { inMs: 100 } }),
      one('mid', { priority: 7 }),
      one('again', { priority: 9 }),
    ]);
    expect(await worker.claim(1)).toEqual(['again']);
    await worker.step(0, retried('again', 100));
    await fleet().advance(100);
    await worker.queue.add(tasks('plain'));

    expect(await worker.claim(4)).toEqual(['again', 'high', 'mid', 'plain']);
  });

  it('keeps the priority of a task that is tried again at once', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(many(8, 3));
    await worker.queue.add(many(1, 1));
    expect(await worker.claim(1)).toEqual(['p8-0']);

    expect(await worker.claim(4, retried('p8-0'))).toEqual(['p8-1', 'p8-2', 'p8-0', 'p1-0']);
  });

  it('gives a task back to the head of its priority, not before a higher one', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([...many(4, 2), ...many(2, 1)]);
    expect(await worker.claim(1)).toEqual(['p4-0']);
    await worker.queue.add(many(6, 1));

    await worker.queue.leave(worker.consumer);

    expect(await worker.list('waiting')).toEqual(['p6-0', 'p4-0', 'p4-1', 'p2-0']);
  });
}

export function weightCases(fleet: () => Fleet): void {
  /** By priority; 1 for what is not said. */
  const weights = (of: Readonly<Record<number, number>>): { limits: QueueLimits } => ({
    limits: { weights: Array.from({ length: 10 }, (_, priority) => of[priority] ?? 1) },
  });

  const claimAndEnd = async (worker: TestWorker, slots: number): Promise<string[]> => {
    const claimed = await worker.claim(slots);
    await worker.step(0, ...claimed.map((id) => completed(id)));
    return claimed;
  };

  it('serves priorities in the ratio of their weights, in calls of any size', async () => {
    for (const slots of [1, 7, 40]) {
      const worker = await fleet().worker({ name: `by-${slots}`, ...weights({ 8: 6, 3: 3, 0: 1 }) });
      await worker.queue.add([...many(0, 100), ...many(3, 100), ...many(8, 100)]);

      const served: string[] = [];
      while (served.length < 100)
        served.push(...(await claimAndEnd(worker, Math.min(slots, 100 - served.length))));

      for (const [priority, wanted] of [
        [8, 60],
        [3, 30],
        [0, 10],
      ] as const) {
        expect(Math.abs(share(served, priority) - wanted)).toBeLessThanOrEqual(1);
      }
    }
  });

  it('serves them evenly spread, not in blocks', async () => {
    const worker = await fleet().worker(weights({ 8: 2, 3: 1 }));
    await worker.queue.add([...many(3, 30), ...many(8, 30)]);
    const served = await worker.claim(30);

    for (let at = 0; at + 3 <= served.length; at += 3) expect(share(served.slice(at, at + 3), 3)).toBe(1);
  });

  it('starves no priority however much of a higher one arrives', async () => {
    const worker = await fleet().worker(weights({ 9: 10, 1: 1 }));
    await worker.queue.add(many(1, 3));

    const served: string[] = [];
    for (let turn = 0; turn < 40; turn++) {
      await worker.queue.add(many(9, 3, turn * 3));
      served.push(...(await claimAndEnd(worker, 1)));
    }

    expect(share(served, 1)).toBe(3);
  });

  it('lets the higher one go first on a tie', async () => {
    const worker = await fleet().worker(weights({}));
    await worker.queue.add([...many(1, 2), ...many(9, 2)]);

    expect(await worker.claim(4)).toEqual(['p9-0', 'p1-0', 'p9-1', 'p1-1']);
  });

  it('saves nothing up for a priority of which there was nothing', async () => {
    const worker = await fleet().worker(weights({}));
    await worker.queue.add(many(5, 60));
    for (let turn = 0; turn < 4; turn++) await claimAndEnd(worker, 10);

    await worker.queue.add(many(2, 20));

    const served = await claimAndEnd(worker, 10);
    expect(share(served, 2)).toBeGreaterThanOrEqual(4);
    expect(share(served, 2)).toBeLessThanOrEqual(6);
  });

  it('saves nothing up for a priority that has run empty and comes back', async () => {
    const worker = await fleet().worker(weights({ 5: 1, 2: 1 }));
    await worker.queue.add([...many(5, 60), ...many(2, 1)]);
    for (let turn = 0; turn < 4; turn++) await claimAndEnd(worker, 10);
    await worker.queue.add(many(2, 20, 1));

    const served = await claimAndEnd(worker, 10);

    expect(share(served, 2)).toBeGreaterThanOrEqual(4);
    expect(share(served, 2)).toBeLessThanOrEqual(6);
  });

  it('is strict again once the queue is opened without weights', async () => {
    const worker = await fleet().worker(weights({}));
    await worker.queue.add([...many(1, 3), ...many(9, 3)]);
    const strict = await fleet().worker({ limits: {} });

    expect(await strict.claim(4)).toEqual(['p9-0', 'p9-1', 'p9-2', 'p1-0']);
  });

  it('counts what is handed over, too', async () => {
    const worker = await fleet().worker(weights({ 8: 3, 3: 1 }));
    await worker.queue.pause();
    await worker.claim(20);
    await worker.queue.add([...many(3, 40), ...many(8, 40)]);

    await worker.queue.resume();

    const handed = await worker.handedIds();
    expect(handed).toHaveLength(20);
    expect(Math.abs(share(handed, 8) - 15)).toBeLessThanOrEqual(1);
    const [first = ''] = handed;
    await worker.step(0, dead(first));
  });
}
