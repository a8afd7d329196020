import { FINAL_STATES, type FinalState } from '../../lib/task/task.state.js';
import type { QueueModel } from './task-model.queue.js';
import { bytesOf, type ModelTask } from './task-model.task.js';

/** What an engine may count for a task over what the model does: separators and times. */
const slack = ({ history, log }: ModelTask): number => 40 + 40 * history.length + log.length;

/** Ended tasks that are kept no more, and what is wrong with that: too many, too few, or the wrong ones. */
export function dropped(
  queue: QueueModel,
  isGone: (id: string) => boolean,
): { readonly gone: readonly string[]; readonly faults: readonly string[] } {
  const found = FINAL_STATES.map((state) => droppedIn(queue, state, isGone));
  return { gone: found.flatMap(({ gone }) => gone), faults: found.flatMap(({ faults }) => faults) };
}

function droppedIn(
  queue: QueueModel,
  state: FinalState,
  isGone: (id: string) => boolean,
): { readonly gone: readonly string[]; readonly faults: readonly string[] } {
  const { count, bytes = Number.POSITIVE_INFINITY } = queue.settings.keep[state];
  const all = queue.in(state);
  const kept = all.filter(({ id }) => !isGone(id));
  const gone = all.filter(({ id }) => isGone(id));
  const keptBytes = kept.reduce((sum, task) => sum + bytesOf(task), 0);
  const oldest = Math.min(...kept.map(({ at = 0 }) => at));
  const newest = Math.max(...gone.map(({ at = 0 }) => at));
  const faults: string[] = [];
  if (kept.length > count) faults.push(`${kept.length} ${state} ones are kept`);
  if (keptBytes > bytes) faults.push(`${keptBytes} bytes of ${state} ones are kept`);
  if (newest > oldest) faults.push(`not the oldest ${state} ones were dropped`);
  // With the last one that was dropped it would have been too much.
  const wasTooMuch = gone.some(
    (task) =>
      task.at === newest &&
      (kept.length + 1 > count ||
        keptBytes + bytesOf(task) + slack(task) + kept.reduce((sum, one) => sum + slack(one), 0) > bytes),
  );
  if (gone.length > 0 && !wasTooMuch) faults.push(`${state} ones were dropped needlessly`);
  return { gone: gone.map(({ id }) => id), faults };
}
