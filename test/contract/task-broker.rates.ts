import { expect, it } from '@jest/globals';
import type { QueueLimits } from '../../lib/task/task.broker.js';
import { completed, LEASE, task, tasks, type Fleet, type TestWorker } from './task-broker.fleet.js';

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `t${at}`);

export function rateCases(fleet: () => Fleet): void {
  const limits: QueueLimits = { rate: { max: 5, perMs: 1_000 } };

  const claimAll = async (...workers: readonly TestWorker[]): Promise<number> => {
    let claimed = 0;
    for (const worker of workers) claimed += (await worker.claim(1_000)).length;
    return claimed;
  };

  it('lets a full bucket begin at once, and refills it evenly, exact across consumers', async () => {
    const [ann, bob] = [await fleet().worker({ limits }), await fleet().worker({ limits })];
    await ann.queue.add(tasks(...numbered(100)));

    let begun = await claimAll(ann, bob);
    expect(begun).toBe(5);
    for (let ms = 20; ms <= 4_000; ms += 20) {
      await fleet().advance(20);
      if (ms % 60 === 0) begun += await claimAll(bob, ann);
      if (ms % 100 === 0) begun += await claimAll(ann);
      if (ms % 200 === 0) expect(begun).toBe(5 + ms / 200);
      expect(begun).toBeLessThanOrEqual(5 + Math.floor(ms / 200));
    }
  });

  it('refills in fractions of a millisecond without losing any', async () => {
    const worker = await fleet().worker({ limits: { rate: { max: 3, perMs: 1_000 } } });
    await worker.queue.add(tasks(...numbered(200)));
    let begun = await claimAll(worker);

    for (let turn = 0; turn < 300; turn++) {
      await fleet().advance(34);
      begun += await claimAll(worker);
    }

    expect(begun).toBe(3 + Math.floor((300 * 34 * 3) / 1_000));
  });

  it('never saves more than a bucket', async () => {
    const worker = await fleet().worker({ limits });
    await worker.queue.add(tasks(...numbered(100)));
    await claimAll(worker);
    await fleet().advance(60_000);
    await worker.queue.beat(worker.consumer, 'busy');

    expect(await claimAll(worker)).toBe(5);
  });

  it('takes a token for what is handed over, and for a suspect', async () => {
    const settings = { limits, maxCrashes: 9 };
    const observer = await fleet().workerWith([], settings);
    await observer.queue.add(tasks('poison'));
    const doomed = await fleet().worker(settings);
    await doomed.claim(1);
    await fleet().kill(doomed);
    await fleet().outlive(observer, 0);
    const worker = await fleet().worker(settings);
    expect(await worker.claim(20)).toEqual(['poison']);

    await worker.queue.add(tasks(...numbered(10)));

    expect(await worker.handedIds()).toEqual(numbered(4));
  });

  it('says when the next token comes to a step that leaves something behind', async () => {
    const worker = await fleet().worker({ limits });
    await worker.queue.add(tasks(...numbered(8)));

    expect((await worker.step(20)).nextMs).toBe(200);
    await fleet().advance(50);
    expect((await worker.step(20)).nextMs).toBe(150);
    await fleet().advance(150);
    const step = await worker.step(20);
    expect(step.tasks).toHaveLength(1);
    expect(step.nextMs).toBe(200);
  });

  it('says a whole millisecond in which there is a token', async () => {
    const worker = await fleet().worker({ limits: { rate: { max: 3, perMs: 1_000 } } });
    await worker.queue.add(tasks(...numbered(8)));

    const { nextMs } = await worker.step(20);
    expect(nextMs).toBe(334);
    await fleet().advance(333);
    expect(await worker.claim(20)).toEqual([]);
    await fleet().advance(1);
    expect(await worker.claim(20)).toHaveLength(1);
  });

  it('tells somebody idle when an add leaves something behind', async () => {
    const worker = await fleet().worker({ limits });
    await worker.claim(20);

    await worker.queue.add(tasks(...numbered(8)));

    expect(await worker.handed()).toHaveLength(5);
    expect(Math.min(...(await worker.dues()).filter((ms) => ms < LEASE / 4))).toBe(200);
    await fleet().advance(200);
    expect(await worker.claim(20)).toEqual(['t5']);
  });

  it('tells nobody of a token that nothing waits for', async () => {
    const worker = await fleet().worker({ limits });
    await worker.queue.add(tasks(...numbered(5)));

    expect(await worker.claim(20)).toHaveLength(5);
    await worker.step(20, ...numbered(5).map((id) => completed(id)));

    expect((await worker.step(20)).nextMs).toBeUndefined();
  });

  it('tells nobody of a token while the queue is paused', async () => {
    const worker = await fleet().worker({ limits });
    await worker.queue.add(tasks(...numbered(8)));
    await worker.claim(5);
    await worker.queue.pause();

    expect((await worker.step(20, ...numbered(5).map((id) => completed(id)))).nextMs).toBeUndefined();
  });

  it('is sound again within a period when the clock is set back', async () => {
    const worker = await fleet().worker({ limits });
    await worker.queue.add(tasks(...numbered(100)));
    await claimAll(worker);

    await fleet().advance(-3_600_000);
    expect(await claimAll(worker)).toBe(0);
    const first = await worker.step(1_000);
    expect(first.nextMs).toBeLessThanOrEqual(200);
    let begun = 0;
    for (let ms = 0; ms < 2_000; ms += 100) {
      await fleet().advance(100);
      begun += await claimAll(worker);
    }

    expect(begun).toBe(10);
  });

  it('does not get a token back with a task that is given back', async () => {
    const [ann, bob] = [await fleet().worker({ limits }), await fleet().worker({ limits })];
    await ann.queue.add(tasks(...numbered(8)));
    await ann.claim(5);

    await ann.queue.leave(ann.consumer);

    expect(await bob.claim(20)).toEqual([]);
    await fleet().advance(200);
    expect(await bob.claim(20)).toEqual(['t0']);
  });

  it('holds together with concurrency: the smaller one counts', async () => {
    const worker = await fleet().worker({ limits: { ...limits, concurrency: 2 } });
    await worker.queue.add(tasks(...numbered(20)));

    expect(await worker.claim(20)).toHaveLength(2);
    await worker.step(0, completed('t0'), completed('t1'));
    expect(await worker.claim(20)).toHaveLength(2);
    await worker.step(0, completed('t2'), completed('t3'));
    expect(await worker.claim(20)).toEqual(['t4']);
    expect((await worker.step(20)).nextMs).toBe(200);
  });

  it('does not let what fell due pass by the bucket', async () => {
    const worker = await fleet().worker({ limits });
    await worker.queue.add(numbered(8).map((id) => task(id, { inMs: 10 })));
    await fleet().advance(10);

    expect(await worker.claim(20)).toHaveLength(5);
    expect(await worker.queue.counts()).toMatchObject({ waiting: 3 });
  });
}
