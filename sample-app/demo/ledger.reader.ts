import { readFile } from 'node:fs/promises';
import type { LedgerLine } from '../ledger/ledger.service.js';

/** What the handlers wrote down, in the order in which it happened. */
export async function readLedger(file: string): Promise<LedgerLine[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  // A line without its end is one that is being written.
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  return complete
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LedgerLine);
}

/** What a process has begun and not ended. */
export function inHand(ledger: readonly LedgerLine[], pid: number): LedgerLine[] {
  const own = ledger.filter((line) => line.pid === pid);
  return own.filter(
    (line, index) =>
      line.event === 'start' && !own.slice(index).some(({ event, id }) => event === 'end' && id === line.id),
  );
}
