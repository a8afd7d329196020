import { checkApi } from './checks/api.check.js';
import { checkEdition } from './checks/edition.check.js';
import { checkLedger } from './checks/ledger.check.js';
import { checkMails } from './checks/mails.check.js';
import { checkPictures } from './checks/pictures.check.js';
import { checkRecovery } from './checks/recovery.check.js';
import { checkReports } from './checks/reports.check.js';
import { checkRetries } from './checks/retries.check.js';
import { orderAll } from './orders.js';
import { PostcardsClient } from './postcards.client.js';
import { show } from './show.js';
import type { Stage } from './stage.js';
import type { Story } from './story.js';
import { follow } from './task.follower.js';
import type { Killed } from './worker.killer.js';

export interface Play {
  /** Where the API listens. */
  readonly url: string;
  readonly reportsFrom: readonly string[];
  /** What happens while the tasks run. */
  readonly meanwhile?: () => Promise<Killed>;
}

/** Drives the app over HTTP until every task has ended, and checks everything that it did. */
export async function perform(play: Play, stage: Stage, story: Story): Promise<void> {
  const client = new PostcardsClient(play.url, stage.signal);
  story.chapter('Questions to the API');
  await checkApi(client, story);
  const orders = await checkEdition(client, story);

  story.chapter('Postcards, reports and a reminder, in the background');
  const ordered = await orderAll(client, play.reportsFrom);
  const ids = [...ordered.postcards.values(), ...ordered.reports.values(), ordered.reminder];
  const [tasks, killed] = await Promise.all([follow(client, story, ids, stage.signal), play.meanwhile?.()]);

  story.chapter('What became of them');
  show(ordered, tasks, story);

  story.chapter('Checked from outside');
  await checkPictures(stage.mails, story);
  // Right after a crash a task may be handed to the dead process, until its lease is over.
  await checkMails(stage.mails, ordered, tasks, story, killed ? 10_000 : 1_000);
  checkRetries(ordered, tasks, story, killed?.begun ?? new Set());
  checkReports(ordered, tasks, story);
  if (killed) await checkRecovery(stage.ledger, killed, tasks, story);
  await checkLedger(stage.ledger, tasks, orders, story, killed);
}
