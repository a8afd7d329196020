import { expect, it } from '@jest/globals';
import type { QueueSettings } from '../../lib/task/task.broker.js';
import { completed, one, type Fleet, type TestWorker } from './task-broker.fleet.js';
import { grouped } from './task-broker.groups.js';

const rate = (max: number, perMs: number): Partial<QueueSettings> => ({
  limits: { group: { rate: { max, perMs } } },
});

export function groupRateCases(fleet: () => Fleet): void {
  const claimAll = async (worker: TestWorker): Promise<string[]> => {
    const claimed = await worker.claim(50);
    await worker.step(0, ...claimed.map((id) => completed(id)));
    return claimed;
  };

  it('lets so many of each group begin in a period, and others go on', async () => {
    const worker = await fleet().worker(rate(2, 1_000));
    await worker.queue.add([...grouped('a', 5), ...grouped('b', 1), one('x')]);

    expect([...(await claimAll(worker))].sort()).toEqual(['a1', 'a2', 'b1', 'x']);
    expect(await claimAll(worker)).toEqual([]);
    await fleet().advance(499);
    expect(await claimAll(worker)).toEqual([]);
    await fleet().advance(1);
    expect(await claimAll(worker)).toEqual(['a3']);
    await fleet().advance(500);
    expect(await claimAll(worker)).toEqual(['a4']);
  });

  it('is exact over many periods, whoever claims', async () => {
    const [ann, bob] = [await fleet().worker(rate(3, 1_000)), await fleet().worker(rate(3, 1_000))];
    await ann.queue.add([...grouped('a', 60), ...grouped('b', 60)]);
    const claimed: string[] = [];

    for (let ms = 0; ms <= 5_000; ms += 100) {
      claimed.push(...(await claimAll(ms % 200 === 0 ? ann : bob)));
      const begun = 3 + Math.floor((ms * 3) / 1_000);
      for (const group of ['a', 'b']) {
        expect(claimed.filter((id) => id.startsWith(group)).length).toBeLessThanOrEqual(begun);
      }
      await fleet().advance(100);
    }

    for (const group of ['a', 'b']) expect(claimed.filter((id) => id.startsWith(group))).toHaveLength(18);
  });

  it('says when the next token of a group comes', async () => {
    const worker = await fleet().worker(rate(2, 1_000));
    await worker.queue.add(grouped('a', 4));

    expect((await worker.step(9)).nextMs).toBe(500);
    await fleet().advance(200);
    expect((await worker.step(9)).nextMs).toBe(300);
    await fleet().advance(300);
    const step = await worker.step(9);
    expect(step.tasks.map(({ id }) => id)).toEqual(['a3']);
    expect(step.nextMs).toBe(500);
  });

  it('tells somebody idle of the next token when an add leaves something behind', async () => {
    const worker = await fleet().worker(rate(2, 1_000));
    await worker.claim(9);

    await worker.queue.add(grouped('a', 4));

    expect(await worker.handedIds()).toEqual(['a1', 'a2']);
    expect(await worker.dues()).toContain(500);
    await fleet().advance(500);
    expect(await worker.claim(9)).toEqual(['a3']);
  });

  it('keeps the order of several that get tokens at once, whatever their ids', async () => {
    const worker = await fleet().worker(rate(3, 1_000));
    await worker.queue.add(['z', 'y', 'x', 'w', 'v', 'u', 't'].map((id) => one(id, { group: 'g' })));
    expect(await worker.claim(9)).toEqual(['z', 'y', 'x']);

    await fleet().advance(1_000);

    expect(await worker.claim(9)).toEqual(['w', 'v', 'u']);
  });

  it('keeps the order within a group that waits for tokens', async () => {
    const worker = await fleet().worker(rate(1, 100));
    await worker.queue.add(grouped('a', 3));
    const claimed = await claimAll(worker);
    await worker.queue.add(grouped('a', 2, {}, 4));

    for (let turn = 0; turn < 4; turn++) {
      await fleet().advance(100);
      claimed.push(...(await claimAll(worker)));
    }

    expect(claimed).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
  });

  it('holds together with the concurrency of the group', async () => {
    const settings = { limits: { group: { concurrency: 1, rate: { max: 2, perMs: 1_000 } } } };
    const worker = await fleet().worker(settings);
    await worker.queue.add(grouped('a', 5));

    expect(await worker.claim(9)).toEqual(['a1']);
    expect(await worker.claim(9, completed('a1'))).toEqual(['a2']);
    expect(await worker.claim(9, completed('a2'))).toEqual([]);
    expect((await worker.step(9)).nextMs).toBe(500);
    await fleet().advance(500);
    expect(await worker.claim(9)).toEqual(['a3']);
    await fleet().advance(1_000);
    expect(await worker.claim(9)).toEqual([]);
    expect(await worker.claim(9, completed('a3'))).toEqual(['a4']);
  });

  it('is sound again within a period when the clock is set back', async () => {
    const worker = await fleet().worker(rate(2, 1_000));
    await worker.queue.add(grouped('a', 9));
    await claimAll(worker);
    await fleet().advance(-3_600_000);
    expect(await claimAll(worker)).toEqual([]);

    const claimed: string[] = [];
    for (let ms = 0; ms < 2_000; ms += 100) {
      await fleet().advance(100);
      claimed.push(...(await claimAll(worker)));
    }

    expect(claimed).toHaveLength(4);
  });
}
