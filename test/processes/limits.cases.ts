import { describe, expect, it } from '@jest/globals';
import type { Fleet } from './fleet.js';
import { QUEUE } from './fleet.js';
import { intervals, jain, mostAtOnce, pidsOf } from './ledger.js';
import { numbered } from './node.js';

export function limitsCases(fleet: () => Fleet): void {
  describe('what all processes share', () => {
    it('is never more than globalConcurrency at once, and that many', async () => {
      // More than two processes have slots for: the third one has to take part.
      const limits = { globalConcurrency: 7 };
      await using shared = await fleet().queue('concurrency', { limits, concurrency: 3 });

      await shared.queue.addBulk(numbered(120, () => ({ name: 'work', payload: { ms: 8 } })));

      expect(pidsOf(await shared.until('ended', 120))).toEqual(fleet().pids);
      expect(mostAtOnce(intervals(await shared.entries()))).toBe(7);
    });

    it('begins as often as rateLimit allows, to the millisecond', async () => {
      const [max, perMs, tasks] = [20, 400, 100];
      const limits = { rateLimit: { max, per: perMs } };
      await using shared = await fleet().queue('rate', { limits, concurrency: 3 });
      const begun: number[] = [];
      const stop = shared.queue.on('active', ({ at }) => begun.push(at.getTime()));
      await stop.ready;

      await shared.queue.addBulk(numbered(tasks, () => ({ name: 'work', payload: {} })));

      const ended = await shared.until('ended', tasks);
      stop();
      expect(pidsOf(ended)).toEqual(fleet().pids);
      expect(begun).toHaveLength(tasks);
      begun.sort((a, b) => a - b);
      // By Redis' clock: when it gave them out.
      for (let from = 0; from < tasks; from++) {
        for (let to = from; to < tasks; to++) {
          const windowMs = (begun[to] ?? 0) - (begun[from] ?? 0);
          expect(to - from + 1).toBeLessThanOrEqual(max + (max * windowMs) / perMs + 1e-6);
        }
      }
      const atBest = ((tasks - max) * perMs) / max;
      expect((begun.at(-1) ?? 0) - (begun[0] ?? 0)).toBeLessThan(atBest * 1.25 + 200);
    });

    it('stands still when one process pauses the queue, until another one resumes it', async () => {
      await using shared = await fleet().queue('pause');
      await using other = await fleet().queue('awake');
      const [one, two] = fleet().nodes;
      await one?.ask(shared.namespace, QUEUE, 'pause');

      await shared.queue.addBulk(numbered(60, () => ({ name: 'work', payload: { ms: 2 } })));
      // The same processes, meanwhile.
      await other.queue.addBulk(numbered(60, () => ({ name: 'work', payload: { ms: 2 } })));
      expect(pidsOf(await other.until('ended', 60))).toEqual(fleet().pids);
      expect(await shared.entries()).toEqual([]);
      expect(await shared.queue.counts()).toMatchObject({ waiting: 60, active: 0 });

      await two?.ask(shared.namespace, QUEUE, 'resume');
      expect(pidsOf(await shared.until('ended', 60))).toEqual(fleet().pids);
    });
  });

  describe('groups', () => {
    it('take turns, when 99 % of the backlog is of one of them', async () => {
      await using shared = await fleet().queue('turns', { concurrency: 3 });
      const { queue } = shared;
      const others = ['ann', 'bob', 'cleo', 'dan'];
      const each = 25;
      await queue.pause();
      const taskOf = (group: string) => ({
        name: 'work',
        payload: { label: group, ms: 1 },
        options: { group },
      });
      await queue.addBulk(numbered(others.length * each * 99, () => taskOf('whale')));
      for (const group of others) await queue.addBulk(numbered(each, () => taskOf(group)));

      await queue.resume();
      await shared.atLeast('begun', (others.length + 1) * each);
      await queue.pause();

      const tenants = ['whale', ...others];
      // Until the first of them has nothing left.
      const first = (await shared.entries('begun')).slice(0, tenants.length * each);
      const served = tenants.map((group) => first.filter(({ label }) => label === group).length);
      expect(first).toHaveLength(tenants.length * each);
      expect(jain(served)).toBeGreaterThanOrEqual(0.95);
      expect(pidsOf(first)).toEqual(fleet().pids);
      await queue.drain();
    });

    it('are never more than their concurrency at once, beside one another', async () => {
      const limits = { group: { concurrency: 2 } };
      await using shared = await fleet().queue('groups', { limits });
      const groups = ['ann', 'bob', 'cleo'];

      await shared.queue.addBulk(
        groups.flatMap((group) =>
          numbered(20, () => ({ name: 'work', payload: { label: group, ms: 8 }, options: { group } })),
        ),
      );

      expect(pidsOf(await shared.until('ended', 60)).size).toBeGreaterThan(1);
      const all = intervals(await shared.entries());
      const ofGroup = (group: string) => all.filter(({ entry }) => entry.label === group);
      expect(groups.map((group) => mostAtOnce(ofGroup(group)))).toEqual([2, 2, 2]);
      expect(mostAtOnce(all)).toBeGreaterThan(2);
    });
  });
}
