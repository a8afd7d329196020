import { setTimeout as after } from 'node:timers/promises';
import type { LedgerLine } from '../ledger/ledger.service.js';
import type { Child } from './child.process.js';
import { inHand, readLedger } from './ledger.reader.js';
import type { Story } from './story.js';

/** At least so many tasks a worker must have in hand to be worth killing. */
const WORTH_IT = 2;

export interface Killed {
  readonly pid: number;
  /** What it had begun and not ended. */
  readonly had: readonly LedgerLine[];
  /** All that it had ever begun. What it ended right before may run again, too: nobody may have heard of the end. */
  readonly begun: ReadonlySet<string>;
}

/** Waits until one of the workers has tasks in hand, and kills it as a crash would: without a word. */
export async function killOneAtWork(
  workers: readonly Child[],
  ledgerFile: string,
  story: Story,
  signal: AbortSignal,
): Promise<Killed> {
  for (;;) {
    for (const worker of workers) {
      if (inHand(await readLedger(ledgerFile), worker.pid).length < WORTH_IT) continue;
      await worker.kill('SIGKILL');
      // What it wrote until the very end counts: it may have ended some since.
      const ledger = await readLedger(ledgerFile);
      const had = inHand(ledger, worker.pid);
      const begun = new Set(ledger.filter(({ pid }) => pid === worker.pid).map(({ id }) => id));
      story.tell(`SIGKILL for worker ${worker.pid}, which had ${had.length} tasks in hand:`);
      for (const { task, id } of had) story.tell(`    ${task} ${id}`);
      return { pid: worker.pid, had, begun };
    }
    await after(50, undefined, { signal });
  }
}
