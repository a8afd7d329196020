import { GREYLISTED, POSTCARDS, REMINDER, type Ordered } from '../orders.js';
import { readMails, recipient } from '../mail.reader.js';
import type { TaskView } from '../postcards.client.js';
import type { Story } from '../story.js';

/** Reads the mails that the SMTP server took. */
export async function checkMails(
  folder: string,
  ordered: Ordered,
  tasks: ReadonlyMap<string, TaskView>,
  story: Story,
  /** How late the reminder may be. */
  toleranceMs: number,
): Promise<void> {
  const mails = await readMails(folder);
  const withPicture = (to: string): boolean =>
    mails.some((mail) => recipient(mail) === to && mail.attachments[0]?.mimeType === 'image/png');
  const arrived = [...POSTCARDS, GREYLISTED].filter(({ to }) => withPicture(to)).length;
  const expected = POSTCARDS.length + 1;
  story.check(
    'postcards arrive by mail',
    arrived === expected,
    `${arrived} of ${expected} with their picture`,
  );

  const right = POSTCARDS.every((order) =>
    mails.some((mail) => recipient(mail) === order.to && mail.text?.trim() === order.message),
  );
  story.check('their text is what was written', right, 'accents, Greek and line ends included');

  const distinct = new Set(mails.map(({ messageId }) => messageId)).size;
  const others = mails.length - distinct;
  story.check('no other mail was sent', distinct === expected + 1, `${distinct} mails, ${others} sent twice`);

  const reminder = mails.find(
    (mail) => recipient(mail) === REMINDER.to && mail.text?.trim() === REMINDER.text,
  );
  const task = tasks.get(ordered.reminder);
  const took = Date.parse(task?.finishedAt ?? '') - Date.parse(task?.enqueuedAt ?? '');
  const kept = reminder !== undefined && took >= 2_000 && took < 2_000 + toleranceMs;
  story.check(
    'the reminder came when it was due',
    kept,
    `sent after ${took} ms, wanted after ${REMINDER.after}`,
  );
}
