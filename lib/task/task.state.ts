/**
 * Where a task is. Exactly one of them at any time.
 *
 * - `waiting`: to be run as soon as a worker has a free slot, and limits and pauses allow it
 * - `delayed`: to be run later: added with a delay, or between two attempts
 * - `blocked`: to be run when another task has ended
 * - `active`: in the hands of a worker
 * - `completed`, `dead`, `cancelled`, `expired`: ended; kept for a while, see the retention options
 * - `parked`: no worker that looked at it can run it (unknown name, newer version); runs once one can
 */
export const TASK_STATES = [
  'waiting',
  'delayed',
  'blocked',
  'active',
  'completed',
  'dead',
  'cancelled',
  'expired',
  'parked',
] as const;

export type TaskState = (typeof TASK_STATES)[number];

/** The states a task does not leave by itself. */
export const FINAL_STATES = ['completed', 'dead', 'cancelled', 'expired'] as const;

export type FinalState = (typeof FINAL_STATES)[number];
