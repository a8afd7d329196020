import { describe, expect, it } from '@jest/globals';
import { TickBatch } from '../../../lib/common/tick-batch.js';

describe('the calls of one tick', () => {
  it('travel together, and each gets its own answers', async () => {
    const sent: number[][] = [];
    const batch = new TickBatch<number, number>(async (items) => {
      sent.push([...items]);
      return items.map((item) => item * 2);
    });
    const answers = await Promise.all([
      batch.add(1),
      batch.addAll([2, 3]),
      batch.addAll([]),
      batch.addAll([4]),
    ]);
    expect(answers).toEqual([2, [4, 6], [], [8]]);
    expect(sent).toEqual([[1, 2, 3, 4]]);
  });

  it('include those of callers that were woken together', async () => {
    let sends = 0;
    const batch = new TickBatch<number, number>(async (items) => {
      sends++;
      return [...items];
    });
    const caller = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) await batch.add(i);
    };
    await Promise.all([caller(), caller(), caller()]);
    expect(sends).toBe(3);
  });

  it('are not waited for where calls come one by one', async () => {
    const sent: number[][] = [];
    const batch = new TickBatch<number, number>(async (items) => {
      sent.push([...items]);
      return items;
    });
    await batch.add(1);
    const answers = [batch.add(2)];
    expect(sent).toEqual([[1], [2]]);

    answers.push(batch.add(3), batch.add(4));
    expect(await Promise.all(answers)).toEqual([2, 3, 4]);
    expect(sent).toEqual([[1], [2], [3, 4]]);

    expect(await Promise.all([batch.add(5), batch.add(6)])).toEqual([5, 6]);
    expect(sent.slice(3)).toEqual([[5, 6]]);
  });

  it('all fail when sending fails, and the next tick is served', async () => {
    let works = false;
    const batch = new TickBatch<number, number>(async (items) => {
      if (!works) throw new Error('not now');
      return [...items];
    });
    const outcomes = await Promise.allSettled([batch.addAll([1]), batch.add(2)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    works = true;
    expect(await batch.add(3)).toBe(3);
  });

  it('fail, too, when sending throws before it returns a promise', async () => {
    const batch = new TickBatch<number, number>(() => {
      throw new Error('at once');
    });
    await expect(batch.add(1)).rejects.toThrow('at once');
  });

  it('may be very many', async () => {
    const batch = new TickBatch<number, number>(async (items) => [...items]);
    const items = Array.from({ length: 200_000 }, (_, i) => i);
    expect(await batch.addAll(items)).toHaveLength(200_000);
  });
});
