import type { NewTask, Unique } from '../../lib/task/task.broker.js';
import type { FinalState, TaskState } from '../../lib/task/task.state.js';
import { FINAL_STATES } from '../../lib/task/task.state.js';

/** A task as the model knows it. */
export interface ModelTask {
  readonly id: string;
  readonly envelope: string;
  readonly name: string;
  readonly priority: number;
  readonly group: string | undefined;
  readonly unique: Unique | undefined;
  state: TaskState;
  /** Of those of its priority that wait, the smaller one goes first; equal ones in any order. */
  order: number;
  /** Whoever claims may have set it aside by its name, from where it overtakes others. */
  overtakes: boolean;
  tries: number;
  /** Workers that died with it; 0: it was in hand with others when one died. */
  crashes: number | undefined;
  /** It waits to be run as the one suspect of a consumer. */
  isSuspect: boolean;
  /** The consumer that has it in hand. */
  holder: string | undefined;
  isCancelling: boolean;
  /** When it falls due, was parked, or ended. */
  at: number | undefined;
  expiresAt: number | undefined;
  outcome: string;
  /** When the attempt ended that the outcome is of, if it failed. */
  failedAt: number | undefined;
  progress: string | undefined;
  log: readonly string[];
  history: readonly { readonly at: number; readonly outcome: string }[];
}

export const DEFAULT_PRIORITY = 5;

export const nameIn = (envelope: string): string => envelope.slice(1, envelope.indexOf('\n'));

export function modelTask({ id, envelope, priority = DEFAULT_PRIORITY, group, unique }: NewTask): ModelTask {
  return {
    id,
    envelope,
    name: nameIn(envelope),
    priority,
    group,
    unique,
    state: 'waiting',
    order: 0,
    overtakes: false,
    tries: 0,
    crashes: undefined,
    isSuspect: false,
    holder: undefined,
    isCancelling: false,
    at: undefined,
    expiresAt: undefined,
    outcome: '',
    failedAt: undefined,
    progress: undefined,
    log: [],
    history: [],
  };
}

export const isFinal = (state: TaskState): state is FinalState =>
  (FINAL_STATES as readonly TaskState[]).includes(state);

/** The outcome of the newest attempt. What was there of a failed one becomes history. */
export function replaceOutcome(task: ModelTask, outcome: string, failedAt?: number): void {
  if (task.failedAt !== undefined) {
    task.history = [...task.history, { at: task.failedAt, outcome: task.outcome }];
  }
  task.outcome = outcome;
  task.failedAt = failedAt;
}

/** What a kept task counts for. */
export function bytesOf({ envelope, outcome, progress = '', log, history }: ModelTask): number {
  const texts = [envelope, outcome, progress, ...log, ...history.map((failure) => failure.outcome)];
  return 200 + texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
