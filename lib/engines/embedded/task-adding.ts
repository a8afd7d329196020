import type { Added, NewTask } from '../../task/task.broker.js';
import { replacedOutcome } from '../../task/task.outcome.js';
import { newTask } from './embedded-task.js';
import type { TaskMoves } from './task-moves.js';

const ADDED: Added = { to: 'added' };
const FULL: Added = { to: 'full' };

/** How a task comes to be: unless there is one with its id or its unique key already, or no room for another one. */
export function addTask(moves: TaskMoves, process: string, added: NewTask, now: number): Added {
  const { id, due, unique, group, expiresInMs } = added;
  if (moves.tasks.has(id)) return { to: 'exists', id };
  const ownDueAt = due === undefined ? now : 'inMs' in due ? now + due.inMs : due.atMs;
  const claim = unique && moves.unique.claim(unique, ownDueAt);
  if (claim?.taken !== undefined) return { to: 'exists', id: claim.taken };
  const { replaces = NONE, behind, dueAt = ownDueAt } = claim ?? {};
  if (!behind && moves.backlog.refuses(process, group, replaces)) return FULL;

  const task = newTask(added);
  moves.tasks.add(task);
  moves.dropResult(id);
  if (claim && !behind) moves.unique.give(task, claim.since);
  for (const replaced of replaces) {
    moves.takeOut(replaced);
    moves.finish(replaced, 'cancelled', replacedOutcome(id));
  }
  if (expiresInMs !== undefined) moves.expireAt(task, Math.max(now, dueAt) + expiresInMs);
  if (behind) moves.unique.block(task, behind, dueAt);
  else moves.waitFrom(task, dueAt, now);
  const told = replaces.at(-1);
  return told ? { to: 'added', replaced: told.id } : ADDED;
}

const NONE: readonly never[] = [];
