import { expect, it } from '@jest/globals';
import type { NewTask } from '../../lib/task/task.broker.js';
import { completed, one, retried, tasks, type Fleet, type TestWorker } from './task-broker.fleet.js';

/** So many tasks of a group, named for it and numbered. */
export const grouped = (group: string, count: number, more: Partial<NewTask> = {}, from = 1): NewTask[] =>
  Array.from({ length: count }, (_, at) => one(`${group}${from + at}`, { group, ...more }));

/** Jain's index of fairness: 1 when everybody got the same, 1/n when one got everything. */
function fairness(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}

const shareOf = (ids: readonly string[], group: string): number =>
  ids.filter((id) => id.replace(/\d+$/, '') === group).length;

export function groupCases(fleet: () => Fleet): void {
  const claimOneByOne = async (worker: TestWorker, count: number): Promise<string[]> => {
    const claimed: string[] = [];
    for (let turn = 0; turn < count; turn++) claimed.push(...(await worker.claim(turn + 1)));
    return claimed;
  };

  it('lets groups take turns, whoever came first, and keeps the order within each', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([...grouped('a', 4), ...grouped('b', 2), ...grouped('c', 1)]);
    const order = ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'];

    expect(await worker.list('waiting')).toEqual(order);
    expect(await worker.claim(7)).toEqual(order);
  });

  it('serves those of one turn in the order in which they came', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('z', { group: 'c' }), one('m', { group: 'a' })]);
    await worker.queue.add([one('a', { group: 'b' }), one('y', { group: 'a' })]);

    expect(await worker.claim(9)).toEqual(['z', 'm', 'a', 'y']);
  });

  it('serves tenants alike when one of them has 99 % of the backlog', async () => {
    const worker = await fleet().worker();
    const small = ['b', 'c', 'd', 'e'];
    await worker.queue.add(grouped('a', 396).slice(0, 300));
    await worker.queue.add([...grouped('a', 96, {}, 301), ...small.flatMap((group) => grouped(group, 1))]);
    const first = await worker.claim(5);
    expect(fairness(['a', ...small].map((group) => shareOf(first, group)))).toBeGreaterThanOrEqual(0.95);

    await worker.queue.add(small.flatMap((group) => grouped(group, 10, {}, 2)));
    const second = await worker.claim(5 + 50);

    expect(second).toHaveLength(50);
    expect(fairness(['a', ...small].map((group) => shareOf(second, group)))).toBeGreaterThanOrEqual(0.95);
  });

  it('serves tenants alike in calls for one task each', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([...grouped('a', 99), ...grouped('b', 8), ...grouped('c', 8)]);

    const claimed = await claimOneByOne(worker, 24);

    expect(fairness(['a', 'b', 'c'].map((group) => shareOf(claimed, group)))).toBeGreaterThanOrEqual(0.95);
  });

  it('serves tenants alike that add as they go', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(grouped('a', 200));
    const claimed: string[] = [];
    for (let turn = 1; turn <= 30; turn++) {
      await worker.queue.add([...grouped('b', 1, {}, turn), ...grouped('c', 1, {}, turn)]);
      const ids = await worker.claim(3);
      claimed.push(...ids);
      await worker.step(0, ...ids.map((id) => completed(id)));
    }

    expect(fairness(['a', 'b', 'c'].map((group) => shareOf(claimed, group)))).toBeGreaterThanOrEqual(0.95);
  });

  it('lets tasks without a group take turns as if they were one', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([...grouped('a', 3), ...tasks('x1', 'x2', 'x3', 'x4'), ...grouped('b', 2)]);

    const claimed = await claimOneByOne(worker, 6);

    expect(['a', 'b', 'x'].map((group) => shareOf(claimed, group))).toEqual([2, 2, 2]);
    expect(await worker.claim(9)).toEqual(['x3', 'a3', 'x4']);
  });

  it('does not starve those without a group, nor a group beside them', async () => {
    for (const [many, few] of [
      [tasks(...Array.from({ length: 99 }, (_, at) => `x${at}`)), grouped('a', 5)],
      [grouped('a', 99), tasks('x1', 'x2', 'x3', 'x4', 'x5')],
    ] as const) {
      const worker = await fleet().worker({ name: `${many[0]?.id ?? ''}-first` });
      await worker.queue.add([...many, ...few]);

      const claimed = await worker.claim(10);

      expect([shareOf(claimed, 'a'), shareOf(claimed, 'x')]).toEqual([5, 5]);
    }
  });

  it('lets a group that comes later take turns from now on, not catch up', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(grouped('a', 30));
    await worker.claim(20);

    await worker.queue.add(grouped('b', 6));

    expect(shareOf(await worker.claim(26), 'b')).toBe(3);
  });

  it('gives no group a second turn for having been away', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([...grouped('a', 30), ...grouped('b', 1)]);
    await worker.claim(20);

    await worker.queue.add(grouped('b', 6, {}, 2));

    expect(shareOf(await worker.claim(26), 'b')).toBe(3);
  });

  it('puts priority before turns', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([
      ...grouped('a', 3),
      ...grouped('b', 1),
      ...grouped('high', 2, { priority: 8 }),
      one('low', { priority: 1 }),
    ]);

    expect(await worker.claim(9)).toEqual(['high1', 'high2', 'a1', 'b1', 'a2', 'a3', 'low']);
  });

  it('hands over by turns', async () => {
    const [busy, idle] = [await fleet().worker(), await fleet().worker()];
    await busy.queue.pause();
    await idle.claim(4);
    await busy.queue.add([...grouped('a', 4), ...grouped('b', 2)]);

    await busy.queue.resume();

    expect(await idle.handedIds()).toEqual(['a1', 'b1', 'a2', 'b2']);
  });

  it('gives a task back so that it is the next of its group', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([...grouped('a', 3), ...grouped('b', 3)]);
    expect(await worker.claim(2)).toEqual(['a1', 'b1']);

    await worker.queue.leave(worker.consumer);

    const next = await fleet().worker();
    const claimed = await next.claim(6);
    expect(claimed.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(claimed.filter((id) => id.startsWith('b'))).toEqual(['b1', 'b2', 'b3']);
    expect(shareOf(claimed.slice(0, 4), 'a')).toBe(2);
  });

  it('puts a task that is tried again behind the others of its group', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(grouped('a', 3));
    expect(await worker.claim(1)).toEqual(['a1']);

    expect(await worker.claim(3, retried('a1'))).toEqual(['a2', 'a3', 'a1']);
  });

  it('keeps the group of a delayed task, and tells it', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([...grouped('b', 2, { due: { inMs: 10 } }), ...grouped('a', 3)]);
    await fleet().advance(10);

    expect((await worker.queue.read(['a1', 'b1'])).map((record) => record?.group)).toEqual(['a', 'b']);
    const claimed = await worker.claim(4);
    expect([shareOf(claimed, 'a'), shareOf(claimed, 'b')]).toEqual([2, 2]);
  });

  it('removes tasks from the middle of a group', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([...grouped('a', 3), ...grouped('b', 3)]);

    expect(await worker.queue.remove(['a2', 'b1'])).toEqual(['removed', 'removed']);

    expect([...(await worker.list('waiting'))].sort()).toEqual(['a1', 'a3', 'b2', 'b3']);
    expect([...(await worker.claim(9))].sort()).toEqual(['a1', 'a3', 'b2', 'b3']);
  });

  it('takes any text for a group, a priority or a brace in it included', async () => {
    const worker = await fleet().worker();
    const groups = ['5', 'a:b', '{x}', 'Grüße', ' '];
    await worker.queue.add(groups.map((group, at) => one(`t${at}`, { group })));

    expect((await worker.queue.read(['t0', 't1', 't2', 't3', 't4'])).map((record) => record?.group)).toEqual(
      groups,
    );
    expect(await worker.claim(9)).toHaveLength(5);
  });
}
