import type { ClosedOrders } from '../closed.shop.js';
import { readLedger } from '../ledger.reader.js';
import type { Story } from '../story.js';

/**
 * In which order the cards were begun that had piled up.
 *
 * @param slots so many a process draws at once: who is among the first of them was begun first
 */
export async function checkTurns(
  ledgerFile: string,
  { hotel, mia, express, cancelled }: ClosedOrders,
  slots: number,
  story: Story,
): Promise<void> {
  const ordered = [...hotel, mia, express];
  const ledger = await readLedger(ledgerFile);
  const starts = ledger.filter(({ id, event }) => event === 'start' && ordered.includes(id));
  const begun = new Set(starts.map(({ id }) => id));
  // Processes are not compared: one that hears late that the shop is open begins late.
  const place = (id: string): number => {
    const pid = starts.find((line) => line.id === id)?.pid;
    return [...new Set(starts.filter((line) => line.pid === pid).map((line) => line.id))].indexOf(id) + 1;
  };
  const detail = (id: string): string =>
    `ordered as number ${ordered.indexOf(id) + 1}, begun as number ${place(id)} of its process, ${slots} at once`;
  const early = (id: string): boolean => place(id) > 0 && place(id) <= slots;
  story.check('the express card overtakes all others', early(express), detail(express));
  story.check('no customer waits for another one’s pile', early(mia), detail(mia));
  story.check(
    'what was cancelled was never begun',
    !begun.has(cancelled),
    `${begun.size} of ${ordered.length} cards drawn`,
  );
}
