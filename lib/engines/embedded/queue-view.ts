import type { TaskRecord } from '../../task/task.broker.js';
import type { TaskState } from '../../task/task.state.js';
import { isWaiting, type EmbeddedTask } from './embedded-task.js';
import type { TaskMoves } from './task-moves.js';

/** A task as it is shown. */
export function record(moves: TaskMoves, id: string): TaskRecord | undefined {
  const task = moves.tasks.get(id);
  if (!task) return undefined;
  const { envelope, tries, outcome, progress, log, history, priority, group, unique, expiresAt } = task;
  return {
    id,
    envelope,
    tries,
    state: stateOf(task),
    at: moves.delayed.score(task) ?? task.restsSince,
    outcome: outcome || undefined,
    progress,
    log: [...log],
    history: [...history],
    priority,
    group,
    uniqueKey: unique?.key,
    expiresAt,
  };
}

/** Ids in that state, in the order in which they will run, fall due or ended. */
export function listed(moves: TaskMoves, state: TaskState): readonly string[] {
  return tasksIn(moves, state).map(({ id }) => id);
}

export function counts(moves: TaskMoves): Readonly<Record<TaskState, number>> {
  const { waiting, delayed, unique, consumers, ended } = moves;
  return {
    waiting: waiting.size,
    delayed: delayed.size,
    blocked: unique.blocked.size,
    active: consumers.active,
    completed: ended.in('completed').length,
    dead: ended.in('dead').length,
    cancelled: ended.in('cancelled').length,
    expired: ended.in('expired').length,
    parked: ended.in('parked').length,
  };
}

function tasksIn(moves: TaskMoves, state: TaskState): readonly EmbeddedTask[] {
  if (state === 'waiting') return moves.waiting.toArray();
  if (state === 'delayed') return moves.delayed.range(0, -1);
  if (state === 'active') return [...moves.consumers.held()];
  if (state === 'blocked') return [...moves.unique.blocked.keys()];
  return [...moves.ended.in(state)];
}

function stateOf({ place }: EmbeddedTask): TaskState {
  if (isWaiting(place) || place === 'nowhere') return 'waiting';
  return place;
}
