import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { QUEUE, type Fleet } from './fleet.js';
import { intervals, mostAtOnce, pidsOf } from './ledger.js';
import { numbered } from './node.js';

export function eventsCases(fleet: () => Fleet): void {
  describe('events', () => {
    it('reach a listener in a process that does no work, each once', async () => {
      await using shared = await fleet().queue('listen');
      const told: string[] = [];
      const results: unknown[] = [];
      const stop = shared.queue.on('completed', ({ taskId, result }) => {
        told.push(taskId);
        results.push(result);
      });
      await stop.ready;

      const handles = await shared.queue.addBulk(
        numbered(90, (index) => ({ name: 'work', payload: { label: `task ${index}`, ms: 2 } })),
      );
      const ended = await shared.until('ended', 90);
      await eventually(() => expect(told.length).toBeGreaterThanOrEqual(90));
      stop();

      expect(pidsOf(ended)).toEqual(fleet().pids);
      expect(told.sort()).toEqual(handles.map(({ id }) => id).sort());
      expect(results.sort()).toEqual(ended.map(({ label, pid }) => `${label} in ${pid}`).sort());
    });

    it('run @OnTask handlers once for each dead task, though every process has them', async () => {
      await using shared = await fleet().queue('dead', { hears: ['dead'] });
      const handles = await shared.queue.addBulk(numbered(60, () => ({ name: 'die', payload: {} })));
      await shared.until('told', 60);

      // Whatever else there was to tell has been told before this one.
      const last = await shared.queue.add('die', {});
      const told = await eventually(async () => {
        const entries = await shared.entries('told');
        expect(entries.map(({ task }) => task)).toContain(last.id);
        return entries;
      });
      expect(told.map(({ task }) => task).sort()).toEqual([...handles, last].map(({ id }) => id).sort());
      expect(pidsOf(told).size).toBeGreaterThan(1);
    });
  });

  describe('triggers of several processes with one unique key and keepLast', () => {
    it('run one at a time, and the last one last', async () => {
      await using shared = await fleet().queue('storm');
      const { namespace, queue } = shared;
      const options = { unique: { key: 'rebuild', mode: 'keepLast' } } as const;
      const labels = (from: string): string[] => Array.from({ length: 40 }, (_, index) => `${from} ${index}`);

      const storms = await Promise.all(
        fleet().nodes.map((node, index) =>
          node.storm({ namespace, queue: QUEUE, name: 'work', labels: labels(`${index}`), options }),
        ),
      );
      const final = await queue.add('work', { label: 'final', ms: 5 }, options);
      await final.result();

      const blown = [...storms.flat(), { id: final.id, replaced: final.replaced }];
      const replaced = new Set(blown.map(({ replaced: other }) => other));
      const toRun = blown.map(({ id }) => id).filter((id) => !replaced.has(id));
      const begun = await shared.entries('begun');
      expect(begun.map(({ task }) => task).sort()).toEqual(toRun.sort());
      expect(toRun.length).toBeGreaterThan(1);
      expect(mostAtOnce(intervals(await shared.entries()))).toBe(1);
      expect(begun.at(-1)?.label).toBe('final');
    });
  });
}
