import { GONE, GREYLISTED, MAILBOX_FULL, type Ordered, type PostcardOrder } from '../orders.js';
import type { TaskView } from '../postcards.client.js';
import type { Story } from '../story.js';

/**
 * What became of the mails that were refused.
 *
 * @param begunByKilled tasks that the killed process had begun: a refusal that it died with is not counted as an attempt
 */
export function checkRetries(
  ordered: Ordered,
  tasks: ReadonlyMap<string, TaskView>,
  story: Story,
  begunByKilled: ReadonlySet<string>,
): void {
  const mailOf = (order: PostcardOrder): TaskView | undefined => {
    const postcard = tasks.get(ordered.postcards.get(order) ?? '');
    return tasks.get((postcard?.result as { mailTaskId?: string } | undefined)?.mailTaskId ?? '');
  };
  const expectations = [
    ['a mail refused twice goes out the third time', GREYLISTED, 'completed', 3, undefined],
    ['a mail refused always is dead in the end', MAILBOX_FULL, 'dead', 4, 'mailbox full'],
    ['a mail to nobody is dead at once', GONE, 'dead', 1, 'no such mailbox'],
  ] as const;
  for (const [promise, order, state, attempt, reason] of expectations) {
    const mail = mailOf(order);
    const told = reason === undefined || mail?.error?.message.includes(reason) === true;
    const uncounted = begunByKilled.has(mail?.id ?? '') ? 1 : 0;
    const attempts = mail?.attempt ?? 0;
    const kept = mail?.state === state && attempts <= attempt && attempts >= attempt - uncounted && told;
    const detail = `${mail?.state ?? 'not found'} after attempt ${mail?.attempt ?? 0}`;
    story.check(
      promise,
      kept,
      reason === undefined ? detail : `${detail}: ${mail?.error?.message ?? 'no error'}`,
    );
  }
}
