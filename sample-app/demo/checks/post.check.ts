import type { ClosedOrders } from '../closed.shop.js';
import type { TaskView } from '../postcards.client.js';
import type { Story } from '../story.js';

export const MAILS_PER_SECOND = 6;

/**
 * How the mails went out that had piled up: not faster than the mail server bears, and none too late.
 *
 * @param inHand so many tasks may have been handed out and not begun yet, in a process that is slow
 */
export function checkPost(
  { offer }: ClosedOrders,
  tasks: ReadonlyMap<string, TaskView>,
  inHand: number,
  story: Story,
): void {
  const times = [...tasks.values()]
    .filter(({ queue, startedAt }) => queue === 'mail' && startedAt !== undefined)
    .map(({ startedAt = '' }) => Date.parse(startedAt) / 1_000)
    .sort((a, b) => a - b);
  // A bucket of tokens: full at first, and refilled evenly.
  const tooFast = times.some((from, i) =>
    times.slice(i).some((to, n) => n + 1 > MAILS_PER_SECOND * (1 + to - from) + inHand),
  );
  const seconds = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const detail = `${times.length} in ${seconds.toFixed(1)} s; it takes ${MAILS_PER_SECOND} at once and ${MAILS_PER_SECOND} a second`;
  story.check('mails leave at the rate of the post', times.length > 15 && !tooFast, detail);

  const { state, attempt } = tasks.get(offer) ?? {};
  const kept = state === 'expired' && attempt === 0;
  story.check(
    'an offer that is over is not sent',
    kept,
    `${state ?? 'not found'}, attempt ${attempt ?? '?'}`,
  );
}
