import { REMINDER_MS } from '../orders.js';
import type { TaskView } from '../postcards.client.js';
import type { Story } from '../story.js';

/** @param toleranceMs how late it may be */
export function checkReminder(task: TaskView | undefined, story: Story, toleranceMs: number): void {
  const tookMs = Date.parse(task?.finishedAt ?? '') - Date.parse(task?.enqueuedAt ?? '');
  const kept = task?.state === 'completed' && tookMs >= REMINDER_MS && tookMs < REMINDER_MS + toleranceMs;
  story.check(
    'the reminder came when it was due',
    kept,
    `sent after ${tookMs} ms, wanted after ${REMINDER_MS} ms`,
  );
}
