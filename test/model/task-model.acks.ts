import fc from 'fast-check';
import type { Ack } from '../../lib/task/task.broker.js';
import type { Actor } from './task-model.actor.js';
import type { Bench } from './task-model.bench.js';

const HOUR_MS = 3_600_000;

/** What comes of a task in hand; `still` is left as it is. */
const ENDS = [
  'still',
  'completed',
  'completed',
  'completed, nothing kept',
  'completed, outcome kept',
  'dead',
  'retried at once',
  'retried later',
  'parked',
  'cancelled',
] as const;

export type End = (typeof ENDS)[number];

export const ends = fc.array(fc.constantFrom(...ENDS), { minLength: 1, maxLength: 3 });

/** Acknowledgements of what the actor has in hand, by turns. */
export function acksOf({ model }: Bench, { consumer }: Actor, wanted: readonly End[]): Ack[] {
  const hand = model.handOf(consumer ?? '').sort((one, other) => (one.id < other.id ? -1 : 1));
  return hand.flatMap(({ id, tries }, at) => ack(id, tries, wanted[at % wanted.length] ?? 'still'));
}

function ack(id: string, used: number, end: End): Ack[] {
  const tries = used + 1;
  const outcome = `${end} ${id}, try ${tries}`;
  switch (end) {
    case 'still':
      return [];
    case 'completed':
      return [{ id, to: 'completed', outcome, tries }];
    case 'completed, nothing kept':
      return [{ id, to: 'completed', outcome, tries, keepMs: 0 }];
    case 'completed, outcome kept':
      return [{ id, to: 'completed', outcome, tries, keepMs: HOUR_MS }];
    case 'dead':
      return [{ id, to: 'dead', outcome, tries }];
    case 'retried at once':
      return [{ id, to: 'retry', outcome, tries, delayMs: 0 }];
    case 'retried later':
      return [{ id, to: 'retry', outcome, tries, delayMs: 1_500 }];
    case 'parked':
      return [{ id, to: 'parked', outcome, tries: used }];
    case 'cancelled':
      return [{ id, to: 'cancelled', outcome, tries: used }];
  }
}
