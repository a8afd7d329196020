import type { Failure } from './attempt-history.js';
import type { NewTask, Unique } from '../../task/task.broker.js';
import type { FinalState } from '../../task/task.state.js';

/** Structures that a task can be in; one at a time. */
export type Place = WaitingPlace | 'delayed' | 'blocked' | 'active' | RestingState | 'nowhere';

export type WaitingPlace = 'list' | 'turns' | 'lane' | 'held' | 'suspects';

export type RestingState = FinalState | 'parked';

/** What is stored of a task. */
export interface EmbeddedTask {
  readonly id: string;
  envelope: string;
  readonly priority: number;
  readonly group: string | undefined;
  readonly unique: Unique | undefined;
  place: Place;
  /** Where it is stored; -1: it is not, and whoever comes across it drops it. */
  slot: number;
  /** Number of the consumer that has it in hand; 0: nobody has. */
  holder: number;
  /** Neighbours in the list that it is in. */
  previous: EmbeddedTask | undefined;
  following: EmbeddedTask | undefined;
  tries: number;
  /** Workers that died with it; 0: was in hand when one died that had others, too. */
  crashes: number | undefined;
  outcome: string | undefined;
  /** When the attempt ended that the outcome is of, if it failed. */
  failedAt: number | undefined;
  progress: string | undefined;
  log: readonly string[];
  history: readonly Failure[];
  expiresAt: number | undefined;
  /** When it ended or was parked. */
  restsSince: number | undefined;
  /** What of the bytes that may be kept it takes up. */
  bytes: number;
  /** In which it runs, if its group takes turns. */
  turn: number;
  /** Its rank among the held ones of its group, which it keeps until somebody claims it. */
  heldRank: number | undefined;
}

const NOTHING: readonly never[] = [];
const DEFAULT_PRIORITY = 5;

export function newTask({ id, envelope, priority = DEFAULT_PRIORITY, group, unique }: NewTask): EmbeddedTask {
  return {
    id,
    envelope,
    priority,
    group,
    unique: unique && { ...unique },
    place: 'nowhere',
    slot: -1,
    holder: 0,
    previous: undefined,
    following: undefined,
    tries: 0,
    crashes: undefined,
    outcome: undefined,
    failedAt: undefined,
    progress: undefined,
    log: NOTHING,
    history: NOTHING,
    expiresAt: undefined,
    restsSince: undefined,
    bytes: 0,
    turn: 0,
    heldRank: undefined,
  };
}

/** The name of the handler that the task is for; whatever is no envelope has none that anybody would know. */
export function nameOf({ envelope }: EmbeddedTask): string {
  const end = envelope.indexOf('\n');
  return envelope.slice(1, end < 0 ? undefined : end);
}

export const isStored = ({ slot }: EmbeddedTask): boolean => slot >= 0;

export const isFinal = (place: Place): place is FinalState =>
  place === 'completed' || place === 'dead' || place === 'cancelled' || place === 'expired';

export const isWaiting = (place: Place): place is WaitingPlace =>
  place === 'list' || place === 'turns' || place === 'lane' || place === 'held' || place === 'suspects';
