import { expect, it } from '@jest/globals';
import {
  ADDED,
  completed,
  countsOf,
  inPlaceOf,
  one,
  tasks,
  type Fleet,
  type TestWorker,
} from './task-broker.fleet.js';
import { keyed } from './task-broker.unique.js';

/** Tasks that are taken out of the middle of what waits must leave nothing behind that anybody could notice. */
export function ghostCases(fleet: () => Fleet): void {
  const everything = async (worker: TestWorker): Promise<string[]> => {
    const claimed: string[] = [];
    for (let more = await worker.claim(1); more.length > 0;) {
      claimed.push(...more);
      more = await worker.claim(1, ...more.map((id) => completed(id)));
    }
    return claimed;
  };

  it('runs a task once that was removed and added again, behind the others', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(tasks('a', 'b', 'c'));
    await worker.queue.remove(['a']);
    expect(await worker.queue.add(tasks('a'))).toEqual([ADDED]);

    expect(await worker.list('waiting')).toEqual(['b', 'c', 'a']);
    expect(await worker.queue.counts()).toEqual(countsOf({ waiting: 3 }));
    expect(await everything(worker)).toEqual(['b', 'c', 'a']);
  });

  it('runs it once however often it was removed and added again', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(tasks('a', 'b', 'a2'));
    for (let turn = 0; turn < 5; turn++) {
      await worker.queue.remove(['a']);
      expect(await worker.list('waiting')).not.toContain('a');
      await worker.queue.add(tasks('a'));
    }

    expect(await worker.list('waiting')).toEqual(['b', 'a2', 'a']);
    expect(await worker.queue.list('waiting', 1, 2)).toEqual(['a2', 'a']);
    expect(await worker.queue.counts()).toEqual(countsOf({ waiting: 3 }));
    expect(await everything(worker)).toEqual(['b', 'a2', 'a']);
    expect(await worker.queue.counts()).toMatchObject({ waiting: 0, completed: 3 });
  });

  it('runs it in its new place when it comes back with another priority', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([one('a', { priority: 9 }), ...tasks('b', 'c')]);
    await worker.queue.remove(['a']);
    await worker.queue.add([one('a', { priority: 1 })]);
    expect(await worker.list('waiting')).toEqual(['b', 'c', 'a']);
    await worker.queue.remove(['a']);
    await worker.queue.add([one('a', { priority: 9 })]);

    expect([...(await worker.list('waiting'))].sort()).toEqual(['a', 'b', 'c']);
    expect([...(await everything(worker))].sort()).toEqual(['a', 'b', 'c']);
  });

  it('runs it once when it comes back to the head of the queue', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(tasks('x', 'a', 'b'));
    await worker.queue.remove(['a']);
    await worker.queue.add(tasks('a'));
    expect(await worker.claim(3)).toEqual(['x', 'b', 'a']);

    await worker.queue.leave(worker.consumer);

    const next = await fleet().worker();
    expect(await next.list('waiting')).toHaveLength(3);
    expect([...(await everything(next))].sort()).toEqual(['a', 'b', 'x']);
  });

  it('gives back a task that was removed and added again while it was the last', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(tasks('a'));
    expect(await worker.claim(1)).toEqual(['a']);
    await worker.queue.add(tasks('b', 'c'));
    await worker.queue.remove(['b']);
    await worker.queue.leave(worker.consumer);

    const next = await fleet().worker();
    expect(await next.list('waiting')).toEqual(['a', 'c']);
    await next.queue.add(tasks('b'));
    expect(await everything(next)).toEqual(['a', 'c', 'b']);
  });

  it('fills all slots though much of what waited is gone', async () => {
    const worker = await fleet().worker();
    const ids = Array.from({ length: 400 }, (_, at) => `t${at}`);
    await worker.queue.add(tasks(...ids));
    const gone = ids.filter((_, at) => at % 10 > 0);
    await worker.queue.remove(gone);
    const left = ids.filter((_, at) => at % 10 === 0);

    expect(await worker.queue.counts()).toEqual(countsOf({ waiting: 40 }));
    expect(await worker.queue.list('waiting', 5, 9)).toEqual(left.slice(5, 10));
    expect(await worker.queue.list('waiting', -2, -1)).toEqual(left.slice(-2));
    expect(await worker.claim(30)).toEqual(left.slice(0, 30));
    expect(await worker.claim(50)).toEqual(left.slice(30));
  });

  it('hands over past what is gone', async () => {
    const worker = await fleet().worker();
    await worker.queue.pause();
    await worker.claim(2);
    await worker.queue.add(tasks('a', 'b', 'c', 'd'));
    await worker.queue.cancel(['a', 'c']);

    await worker.queue.resume();

    expect(await worker.handedIds()).toEqual(['b', 'd']);
  });

  it('is not in the way when all that waited is gone', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(tasks('a', 'b'));
    await worker.queue.remove(['a', 'b']);

    expect(await worker.queue.counts()).toEqual(countsOf({}));
    expect(await worker.list('waiting')).toEqual([]);
    expect(await worker.claim(1)).toEqual([]);
    await worker.queue.add(tasks('c'));
    expect(await worker.handedIds()).toEqual(['c']);
  });

  it('knows a task that was replaced, cancelled or expired, and begun anew', async () => {
    const worker = await fleet().worker();
    await worker.queue.add([keyed('a', 'replace'), one('late', { expiresInMs: 100 }), ...tasks('x', 'y')]);
    expect(await worker.queue.add([keyed('b', 'replace')])).toEqual([inPlaceOf('a')]);
    await worker.queue.cancel(['x']);
    await fleet().advance(100);
    await worker.step(0);
    await worker.queue.remove(['b']);

    expect(await worker.queue.retry(['x', 'late', 'a'], 0)).toEqual([true, true, true]);

    expect(await worker.list('waiting')).toEqual(['y', 'x', 'late', 'a']);
    expect(await everything(worker)).toEqual(['y', 'x', 'late', 'a']);
  });

  it('is cleaned away with the rest', async () => {
    const worker = await fleet().worker();
    await worker.queue.add(tasks('a', 'b', 'c'));
    await worker.queue.remove(['b']);
    expect(await worker.queue.clean('waiting', 0)).toBe(2);
    await worker.queue.add(tasks('b'));

    expect(await worker.list('waiting')).toEqual(['b']);
    expect(await everything(worker)).toEqual(['b']);
  });
}
