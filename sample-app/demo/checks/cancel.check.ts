import { readLedger } from '../ledger.reader.js';
import type { PostcardsClient } from '../postcards.client.js';
import type { Story } from '../story.js';
import { hasEnded } from '../task.follower.js';
import { until } from '../until.js';

/** It would take some four minutes. */
const SLOW = { from: 'au-sydney', restMs: 1_000 };
const SOON_MS = 2_000;

/** Cancels a report while it is worked on, in whichever process. @returns its id */
export async function checkCancel(
  client: PostcardsClient,
  ledgerFile: string,
  story: Story,
  signal: AbortSignal,
): Promise<string> {
  const id = await client.order('/reports', SLOW);
  const running = async () => (await client.task(id)).progress;
  const { status } = await until(running, signal);
  const cancelledAt = performance.now();
  await client.delete(`/tasks/${id}`);
  const { state } = await until(async () => {
    const task = await client.task(id);
    const stopped = (await readLedger(ledgerFile)).some((line) => line.id === id && line.event === 'end');
    return hasEnded(task) && stopped ? task : undefined;
  }, signal);
  const tookMs = Math.round(performance.now() - cancelledAt);
  const kept = state === 'cancelled' && tookMs < SOON_MS;
  story.check(
    'a report that runs is cancelled',
    kept,
    `${status}, then ${state}; stopped after ${tookMs} ms`,
  );
  return id;
}
