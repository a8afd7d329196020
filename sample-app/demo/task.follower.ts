import { setTimeout as after } from 'node:timers/promises';
import type { PostcardsClient, TaskView } from './postcards.client.js';
import type { Story } from './story.js';

const ENDED = new Set(['completed', 'dead', 'cancelled', 'expired']);

export const hasEnded = (task: TaskView): boolean => ENDED.has(task.state);

/** Asks for each task until all have ended, the mails that postcards turn into included. */
export async function follow(
  client: PostcardsClient,
  story: Story,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TaskView>> {
  const tasks = new Map<string, TaskView | undefined>(ids.map((id) => [id, undefined]));
  for (;;) {
    const open = [...tasks].filter(([, task]) => !ENDED.has(task?.state ?? '')).map(([id]) => id);
    for (const task of await Promise.all(open.map((id) => client.task(id)))) {
      tasks.set(task.id, task);
      const { mailTaskId } = (task.result ?? {}) as { mailTaskId?: string };
      if (mailTaskId !== undefined && !tasks.has(mailTaskId)) tasks.set(mailTaskId, undefined);
    }
    const seen = [...tasks.values()].filter((task) => task !== undefined);
    const ended = seen.filter(({ state }) => ENDED.has(state)).length;
    story.progress(ended, tasks.size, summary(seen));
    if (ended === tasks.size) return new Map(seen.map((task) => [task.id, task]));
    await after(150, undefined, { signal });
  }
}

/** How many wait and run, and how far the one is that was begun last. */
function summary(tasks: readonly TaskView[]): string {
  const parts = ['waiting', 'delayed', 'active']
    .map((state) => [tasks.filter((task) => task.state === state).length, state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${state}`);
  const progress = tasks.findLast(({ state, progress }) => state === 'active' && progress)?.progress;
  if (progress) parts.push(`${progress.status} (${Math.round((100 * progress.current) / progress.total)} %)`);
  return parts.join(', ');
}
