import { decode } from '../common/codec.js';
import { toError } from '../common/errors.js';
import type { TaskSnapshot } from './queue.js';
import type { TaskRecord } from './task.broker.js';
import { readEnvelope } from './task.envelope.js';
import { readFailure, readOutcome, type Outcome, type TaskFailure } from './task.outcome.js';

/** A stored task as users see it. What this version can't read of it is still shown, so that somebody sees it. */
export function snapshot(queue: string, record: TaskRecord): TaskSnapshot {
  const { id, state, at, tries } = record;
  const outcome = record.outcome === undefined ? undefined : readOutcome(record.outcome);
  const ended = state === 'completed' || state === 'dead' || state === 'parked';
  return {
    id,
    queue,
    ...readableEnvelope(record.envelope),
    state,
    // A retry is counted when it is decided; what runs, or ended well, is one further on.
    attempt: state === 'active' || state === 'completed' ? tries + 1 : tries,
    progress: readableText(record.progress),
    ...readableOutcome(state, outcome),
    log: record.log.map(readableLine),
    runAt: state === 'delayed' && at !== undefined ? new Date(at) : undefined,
    startedAt: outcome?.startedAt === undefined ? undefined : new Date(outcome.startedAt),
    finishedAt: ended && at !== undefined ? new Date(at) : undefined,
  };
}

function readableEnvelope(envelope: string): Pick<TaskSnapshot, 'name' | 'enqueuedAt' | 'payload'> {
  try {
    const { name, enqueuedAt, payload } = readEnvelope(envelope);
    return { name, enqueuedAt: new Date(enqueuedAt), payload: readableText(payload) };
  } catch {
    return { name: '(unreadable)', enqueuedAt: new Date(0), payload: envelope };
  }
}

function readableOutcome(
  state: TaskRecord['state'],
  outcome: Outcome | undefined,
): Pick<TaskSnapshot, 'result' | 'error'> {
  if (!outcome) return { result: undefined, error: undefined };
  try {
    if (state === 'completed') return { result: decode(outcome.body, 'the result'), error: undefined };
    return { result: undefined, error: outcome.body === '' ? undefined : readFailure(outcome.body) };
  } catch (error) {
    return { result: undefined, error: unreadable(error) };
  }
}

function unreadable(error: unknown): TaskFailure {
  const { name, message } = toError(error);
  return { name, message };
}

function readableText(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return decode(text);
  } catch {
    return text;
  }
}

function readableLine(entry: string): TaskSnapshot['log'][number] {
  try {
    const [time, line] = JSON.parse(entry) as [number, string];
    return { at: new Date(time), line };
  } catch {
    return { at: new Date(0), line: entry };
  }
}
