import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from '@jest/globals';
import { TaskCancelledError } from 'nestjs-depot';
import { distribution } from '../acceptance/figures.js';
import { eventually } from '../support/eventually.js';
import type { Fleet } from './fleet.js';
import { pidsOf } from './ledger.js';
import { numbered } from './node.js';

const TICK_MS = 5;
const WITHOUT_HEARTBEAT_MS = 500;
/** A machine on which even plain timers are later than this at p99 says nothing about ours. */
const IDLE_MACHINE_MS = 1.5;

export function cancellingCases(fleet: () => Fleet): void {
  describe('a task that is cancelled from another process', () => {
    it('is aborted at once where it runs, and is cancelled', async () => {
      await using shared = await fleet().queue('cancel', { concurrency: 8 });
      const { queue } = shared;
      const handles = await queue.addBulk(numbered(18, () => ({ name: 'linger', payload: {} })));
      expect(pidsOf(await shared.until('begun', 18))).toEqual(fleet().pids);

      const machine = monitorEventLoopDelay({ resolution: TICK_MS });
      machine.enable();
      const delays: number[] = [];
      // The heartbeat would tell it, too, but a third of a lease later.
      for (const [index, { id }] of handles.entries()) {
        const calledAt = Date.now();
        expect(await queue.cancel(id)).toBe(true);
        const aborted = await shared.until('aborted', index + 1, WITHOUT_HEARTBEAT_MS);
        delays.push((aborted.find(({ task }) => task === id)?.clock ?? Number.NaN) - calledAt);
      }
      machine.disable();

      const { p50 } = distribution(delays);
      const lateMs = machine.percentile(99) / 1e6 - TICK_MS;
      if (lateMs <= IDLE_MACHINE_MS) expect(p50).toBeLessThan(50);
      for (const { id } of handles)
        await eventually(async () => expect((await queue.get(id))?.state).toBe('cancelled'));
      await expect(handles[0]?.result()).rejects.toThrow(TaskCancelledError);
    });

    it('never begins when it waits', async () => {
      await using shared = await fleet().queue('waiting');
      const { queue } = shared;
      await queue.pause();
      const cancelled = await queue.add('work', { label: 'cancelled' });
      const result = cancelled.result();
      await queue.add('work', { label: 'wanted' });

      const [node] = fleet().nodes;
      expect(await node?.ask(shared.namespace, 'work', 'cancel', cancelled.id)).toBe(true);
      await expect(result).rejects.toThrow(TaskCancelledError);
      await queue.resume();

      expect((await shared.until('ended', 1)).map(({ label }) => label)).toEqual(['wanted']);
      expect(await shared.entries('begun')).toHaveLength(1);
      expect((await queue.get(cancelled.id))?.state).toBe('cancelled');
    });
  });
}
