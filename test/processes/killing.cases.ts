import { describe, expect, it } from '@jest/globals';
import { TaskCancelledError } from 'nestjs-depot';
import { Shared, type Fleet } from './fleet.js';
import { intervals, mostAtOnce, pidsOf } from './ledger.js';
import { Node } from './node.js';

export function killingCases(fleet: () => Fleet): void {
  describe('a process that is killed', () => {
    it('leaves what it had in hand to the others: cancelled, unique and grouped tasks, too', async () => {
      await using victim = await Node.start({ redis: fleet().redis.url });
      const limits = { group: { concurrency: 1 } };
      await using shared = await Shared.open(fleet(), 'kill', { limits, lease: '1s', concurrency: 8 });
      const { queue } = shared;
      await shared.workOn(victim);
      const held = (label: string) => ({ label, pid: victim.pid });
      const keepLast = { unique: { key: 'one', mode: 'keepLast' } } as const;
      const ann = { group: 'ann' };

      const plain = await queue.add('hold', held('plain'));
      const cancelled = await queue.add('hold', held('cancelled'));
      const holder = await queue.add('hold', held('holder'), keepLast);
      const grouped = [await queue.add('hold', held('grouped'), ann)];
      await shared.until('begun', 4);
      const before = await queue.add('work', { label: 'replaced' }, keepLast);
      const after = await queue.add('work', { label: 'after the holder' }, keepLast);
      for (let index = 0; index < 3; index++)
        grouped.push(await queue.add('work', { label: 'grouped' }, ann));
      const [one, two] = fleet().nodes;
      if (!one || !two) throw new Error('the fleet is too small');
      await shared.workOn(one);
      await shared.workOn(two);

      // It can't hear of the cancel any more.
      process.kill(victim.pid, 'SIGSTOP');
      await queue.cancel(cancelled.id);
      await victim.kill();
      shared.forget(victim);

      await Promise.all(
        [plain, holder, after, ...grouped].map((handle) => handle.result({ timeout: '15s' })),
      );
      await expect(cancelled.result()).rejects.toThrow(TaskCancelledError);
      await expect(before.result()).rejects.toThrow(TaskCancelledError);
      const entries = await shared.entries();
      const survivors = entries.filter(({ pid }) => pid !== victim.pid);
      const ended = survivors.filter(({ kind }) => kind === 'ended').map(({ label }) => label);
      expect(pidsOf(survivors)).not.toContain(victim.pid);
      expect(ended.sort()).toEqual(['after the holder', ...grouped.map(() => 'grouped'), 'holder', 'plain']);
      const atOnce = (...labels: string[]) =>
        mostAtOnce(intervals(survivors).filter(({ entry }) => labels.includes(entry.label)));
      expect(atOnce('holder', 'after the holder')).toBe(1);
      expect(atOnce('grouped')).toBe(1);
      expect(await queue.counts()).toMatchObject({ waiting: 0, delayed: 0, blocked: 0, active: 0, dead: 0 });
    });
  });
}
