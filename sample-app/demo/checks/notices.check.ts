import { MOVED } from '../closed.shop.js';
import { readMails, recipient } from '../mail.reader.js';
import type { PostcardsClient, TaskView } from '../postcards.client.js';
import type { Story } from '../story.js';
import { hasEnded } from '../task.follower.js';
import { until } from '../until.js';

/** Those who moved, one of the club's, and one of a guest whose friend's mailbox is full. */
const EXPECTED = MOVED.length + 2;

/** Waits for the notices about mails that came back. */
export function followNotices(client: PostcardsClient, signal: AbortSignal): Promise<readonly TaskView[]> {
  return until(async () => {
    const path = '/admin/queues/notices/tasks?limit=100';
    const { tasks } = await client.steer<{ tasks: TaskView[] }>('GET', path);
    return tasks.length >= EXPECTED && tasks.every(hasEnded) ? tasks : undefined;
  }, signal);
}

/** Who was told what, in how many mails; and that one mailbox which is busy holds up nobody else's notices. */
export async function checkNotices(
  folder: string,
  notices: readonly TaskView[],
  begunByKilled: ReadonlySet<string>,
  story: Story,
): Promise<void> {
  const mails = await readMails(folder);
  const told = mails.filter((mail) => recipient(mail) === 'desk@grand-hotel.example');
  const letters = new Map(told.map(({ messageId, text }) => [messageId, text ?? '']));
  const named = MOVED.filter((address) => [...letters.values()].some((text) => text.includes(address)));
  const collected = named.length === MOVED.length && letters.size < MOVED.length;
  const detail = `the hotel hears of ${named.length} in ${letters.size} mail${letters.size === 1 ? '' : 's'}`;
  story.check('cards that come back are told together', collected, detail);

  const of = (customer: string): TaskView[] => notices.filter(({ tags }) => tags.includes(customer));
  const [club] = of('travel-club');
  const clubAttempts = club?.attempt ?? 0;
  const uncounted = begunByKilled.has(club?.id ?? '') ? 1 : 0;
  const others = of('grand-hotel').every(({ state, attempt }) => state === 'completed' && attempt === 1);
  const alone = club?.state === 'completed' && clubAttempts <= 3 && clubAttempts >= 3 - uncounted && others;
  story.check(
    'of a batch, only what failed is tried again',
    alone,
    `the club’s busy mailbox took attempt ${clubAttempts}, the hotel’s the first`,
  );
}
