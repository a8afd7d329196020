import { readLedger } from '../ledger.reader.js';
import type { TaskView } from '../postcards.client.js';
import type { Story } from '../story.js';
import type { Killed } from '../worker.killer.js';

/** What a killed worker had in hand ran again elsewhere, to its end, and was not charged an attempt for the crash. */
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
    const seconds = (((again?.at ?? diedAt) - diedAt) / 1_000).toFixed(1);
    const detail = again
      ? `pid ${killed.pid} -> ${again.pid} after ${seconds} s, ${tasks.get(id)?.state ?? 'ended'}, attempt ${again.attempt}`
      : 'never started again';
    story.check(`${task} ran again`, ended && again?.attempt === attempt, detail);
  }
  story.check('it was killed with tasks in hand', killed.had.length > 0, `${killed.had.length} of them`);
}
