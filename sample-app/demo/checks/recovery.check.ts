import { readLedger } from '../ledger.reader.js';
import type { TaskView } from '../postcards.client.js';
import type { Story } from '../story.js';
import type { Killed } from '../worker.killer.js';

/** A lease lasts 4 s; the rest is for free slots and for a machine that is busy. */
const SOON_MS = 10_000;

/** What a killed worker had in hand ran again elsewhere, soon and to its end, and was not charged an attempt for the crash. */
export async function checkRecovery(
  file: string,
  killed: Killed,
  tasks: ReadonlyMap<string, TaskView>,
  story: Story,
): Promise<void> {
  const ledger = await readLedger(file);
  const diedAt = Math.max(...ledger.filter(({ pid }) => pid === killed.pid).map(({ at }) => at));
  for (const { task, id, attempt } of killed.had) {
    const again = ledger.find((line) => line.id === id && line.pid !== killed.pid && line.event === 'start');
    const ended = ledger.some((line) => line.id === id && line.pid === again?.pid && line.event === 'end');
    const afterMs = (again?.at ?? Infinity) - diedAt;
    const detail = again
      ? `pid ${killed.pid} -> ${again.pid} after ${(afterMs / 1_000).toFixed(1)} s, ${tasks.get(id)?.state ?? 'ended'}, attempt ${again.attempt}`
      : 'never started again';
    story.check(`${task} ran again soon`, ended && again?.attempt === attempt && afterMs < SOON_MS, detail);
  }
  story.check('it was killed with tasks in hand', killed.had.length > 0, `${killed.had.length} of them`);
}
