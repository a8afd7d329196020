import { GREYLISTED, POSTCARDS, REMINDER } from '../orders.js';
import { readMails, recipient } from '../mail.reader.js';
import type { TaskView } from '../postcards.client.js';
import type { Story } from '../story.js';

/** Reads the mails that the SMTP server took. */
export async function checkMails(
  folder: string,
  /** All that send mails. */
  tasks: readonly TaskView[],
  story: Story,
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

  const taken = new Set(mails.map(({ messageId }) => messageId));
  const told = new Set(tasks.map(({ result }) => (result as { messageId?: string } | undefined)?.messageId));
  told.delete(undefined);
  const lacking = [...told].filter((id) => !taken.has(id)).length;
  const surplus = [...taken].filter((id) => !told.has(id)).length;
  story.check(
    'what was sent is what tasks say they sent',
    lacking === 0 && surplus === 0,
    `${taken.size} mails, ${mails.length - taken.size} sent twice, ${lacking} lacking, ${surplus} too many`,
  );

  const reminded = mails.some(
    (mail) => recipient(mail) === REMINDER.to && mail.text?.trim() === REMINDER.text,
  );
  story.check('the reminder is among them', reminded, REMINDER.text);
}
