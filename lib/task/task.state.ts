/**
 * Where a task is. Exactly one of them at any time.
 *
 * - `waiting`: to be run as soon as a worker has a free slot
 * - `delayed`: to be run later: added with a delay, or between two attempts
 * - `active`: in the hands of a worker
 * - `completed`, `dead`: ended; kept for a while, see the retention options
 * - `parked`: no worker that looked at it can run it (unknown name, newer version); runs once one can
 */
export const TASK_STATES = ['waiting', 'delayed', 'active', 'completed', 'dead', 'parked'] as const;

export type TaskState = (typeof TASK_STATES)[number];

/** The states a task does not leave by itself. */
export type FinalState = 'completed' | 'dead';
