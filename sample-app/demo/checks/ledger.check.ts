import { inHand, readLedger } from '../ledger.reader.js';
import type { TaskView } from '../postcards.client.js';
import type { Story } from '../story.js';
import type { Killed } from '../worker.killer.js';

/**
 * Compares what the library says with what the handlers wrote down themselves: each attempt ran, and ran once. Only
 * what the killed process had begun may have run more often.
 */
export async function checkLedger(
  file: string,
  tasks: ReadonlyMap<string, TaskView>,
  orders: number,
  story: Story,
  killed?: Killed,
): Promise<void> {
  const ledger = await readLedger(file);
  const runsOf = (id: string): number =>
    ledger.filter((line) => line.id === id && line.event === 'start').length;
  const wrong = [...tasks.values()].filter(({ id, attempt }) => {
    const runs = runsOf(id);
    return killed?.begun.has(id) ? runs < attempt || runs > attempt + 1 : runs !== attempt;
  });
  const attempts = [...tasks.values()].reduce((sum, { attempt }) => sum + attempt, 0);
  const detail = `${tasks.size} tasks, ${attempts} attempts; ${wrong.length} ran otherwise`;
  story.check('each attempt ran, by the handlers’ own ledger', wrong.length === 0, detail);

  const sold = new Set(ledger.filter(({ task }) => task === 'editions.sell').map(({ id }) => id)).size;
  story.check('each order of the edition was dealt with', sold === orders, `${sold} of ${orders}`);

  const pids = new Set(ledger.map(({ pid }) => pid));
  const left = [...pids].filter((pid) => pid !== killed?.pid).flatMap((pid) => inHand(ledger, pid));
  story.check(
    'no handler was left in the middle',
    left.length === 0,
    `${ledger.length} lines by ${pids.size} processes`,
  );
}
