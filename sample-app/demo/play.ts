import { checkApi } from './checks/api.check.js';
import { checkCache } from './checks/cache.check.js';
import { checkCancel } from './checks/cancel.check.js';
import { checkEdition } from './checks/edition.check.js';
import { checkLedger } from './checks/ledger.check.js';
import { checkMails } from './checks/mails.check.js';
import { checkNotices, followNotices } from './checks/notices.check.js';
import { checkPictures } from './checks/pictures.check.js';
import { checkPost } from './checks/post.check.js';
import { checkRecovery } from './checks/recovery.check.js';
import { checkReminder } from './checks/reminder.check.js';
import { checkReports, followReady } from './checks/reports.check.js';
import { checkRetries } from './checks/retries.check.js';
import { checkTurns } from './checks/turns.check.js';
import { openPost, openShop, orderWhileClosed } from './closed.shop.js';
import { REMINDER, orderPostcards, orderReports } from './orders.js';
import { PostcardsClient } from './postcards.client.js';
import { row, show, showClosed } from './show.js';
import type { Stage } from './stage.js';
import type { Story } from './story.js';
import { follow } from './task.follower.js';
import type { Killed } from './worker.killer.js';

export interface Play {
  /** Where the API listens. */
  readonly url: string;
  readonly reportsFrom: readonly string[];
  /** How many tasks of a queue a process works on at once. */
  readonly slots: number;
  /** How many processes do. */
  readonly workers: number;
  /** What happens while the tasks run. */
  readonly meanwhile?: () => Promise<Killed>;
}

/** Drives the app over HTTP until every task has ended, and checks everything that it did. */
export async function perform(play: Play, stage: Stage, story: Story): Promise<void> {
  const client = new PostcardsClient(play.url, stage.signal, stage.adminKey);
  story.chapter('Questions to the API');
  await checkApi(client, story);
  await checkCache(client, story);
  const orders = await checkEdition(client, stage, story);

  story.chapter('The shop is closed: no card is drawn and no mail is sent');
  const closed = await orderWhileClosed(client, story);
  const stopped = await checkCancel(client, stage.ledger, story, stage.signal);

  story.chapter('It opens again: postcards, reports and a reminder, in the background');
  await openShop(client);
  const postcards = await orderPostcards(client);
  const cards = [...postcards.values(), ...closed.hotel, closed.mia, closed.express];
  await openPost(client, cards, stage.signal);
  const reminder = await client.order('/reminders', REMINDER);
  const ordered = { postcards, ...(await orderReports(client, play.reportsFrom)) };
  const ids = [...cards, ...ordered.reports.values(), reminder, closed.offer, stopped];
  const [followed, killed] = await Promise.all([
    follow(client, story, ids, stage.signal),
    play.meanwhile?.(),
  ]);
  const notices = await followNotices(client, stage.signal);
  const ready = await followReady(client, ordered, stage.signal);
  const tasks = new Map([...followed, [ready.id, ready]]);

  story.chapter('What became of them');
  show(ordered, tasks, story);
  row(story, 'reminder', tasks.get(reminder), '');
  showClosed(closed, stopped, tasks, story);

  story.chapter('Checked from outside');
  const begun = killed?.begun ?? new Set<string>();
  await checkTurns(stage.ledger, closed, play.slots, story);
  checkPost(closed, tasks, play.workers * play.slots, story);
  await checkPictures(stage.mails, story);
  // Right after a crash a task may be handed to the dead process, until its lease is over.
  checkReminder(tasks.get(reminder), story, killed ? 10_000 : 3_000);
  await checkMails(stage.mails, [...tasks.values(), ...notices], story);
  checkRetries(ordered, tasks, story, begun);
  await checkNotices(stage.mails, notices, begun, story);
  checkReports(ordered, tasks, story);
  if (killed) await checkRecovery(stage.ledger, killed, tasks, story);
  await checkLedger(stage.ledger, tasks, orders, story, killed);
}
