import { toError } from '../common/errors.js';
import type { FailedAttempt, TaskSnapshot } from './queue.js';
import type { TaskRecord } from './task.broker.js';
import type { TaskCodec } from './task.codec.js';
import { readEnvelope } from './task.envelope.js';
import { readFailure, readOutcome, type Outcome, type TaskFailure } from './task.outcome.js';
import { FINAL_STATES } from './task.state.js';

type Reader = Pick<TaskCodec, 'decode'>;

/** Their `at` says since when they are so. */
const AT_REST: readonly string[] = [...FINAL_STATES, 'parked'];

/** A stored task as users see it. What this version can't read of it is still shown, so that somebody sees it. */
export function snapshot(queue: string, record: TaskRecord, codec: Reader): TaskSnapshot {
  const { id, state, at, tries, priority, group, uniqueKey } = record;
  const outcome = record.outcome === undefined ? undefined : readOutcome(record.outcome);
  return {
    id,
    queue,
    ...readableEnvelope(record.envelope, codec),
    state,
    priority,
    group,
    uniqueKey,
    // A retry is counted when it is decided; what runs, or ended well, is one further on.
    attempt: state === 'active' || state === 'completed' ? tries + 1 : tries,
    progress: readableText(record.progress, codec),
    ...readableOutcome(state, outcome, codec),
    failures: record.history.map((failed) => failedAttempt(failed, codec)),
    log: record.log.map((entry) => readableLine(entry, codec)),
    runAt: state === 'delayed' ? dateOf(at) : undefined,
    expiresAt: dateOf(record.expiresAt),
    startedAt: dateOf(outcome?.startedAt),
    finishedAt: AT_REST.includes(state) ? dateOf(at) : undefined,
  };
}

const dateOf = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));

function readableEnvelope(
  envelope: string,
  codec: Reader,
): Pick<TaskSnapshot, 'name' | 'enqueuedAt' | 'payload' | 'tags'> {
  try {
    const { name, enqueuedAt, payload, overrides } = readEnvelope(envelope);
    return {
      name,
      enqueuedAt: new Date(enqueuedAt),
      payload: readableText(payload, codec),
      tags: overrides.tags ?? [],
    };
  } catch {
    return { name: '(unreadable)', enqueuedAt: new Date(0), payload: envelope, tags: [] };
  }
}

function readableOutcome(
  state: TaskRecord['state'],
  outcome: Outcome | undefined,
  codec: Reader,
): Pick<TaskSnapshot, 'result' | 'error'> {
  if (!outcome) return { result: undefined, error: undefined };
  if (state !== 'completed') return { result: undefined, error: readableFailure(outcome, codec) };
  try {
    return { result: codec.decode(outcome.body, 'the result'), error: undefined };
  } catch (error) {
    return { result: undefined, error: unreadable(error) };
  }
}

function failedAttempt({ at, outcome: text }: TaskRecord['history'][number], codec: Reader): FailedAttempt {
  const outcome = readOutcome(text);
  return {
    startedAt: dateOf(outcome.startedAt),
    finishedAt: new Date(at),
    error: readableFailure(outcome, codec),
  };
}

function readableFailure({ body }: Outcome, codec: Reader): TaskFailure | undefined {
  if (body === '') return undefined;
  try {
    return readFailure(body, codec);
  } catch (error) {
    return unreadable(error);
  }
}

function unreadable(error: unknown): TaskFailure {
  const { name, message } = toError(error);
  return { name, message };
}

function readableText(text: string | undefined, codec: Reader): unknown {
  if (text === undefined) return undefined;
  try {
    return codec.decode(text, 'the text');
  } catch {
    return text;
  }
}

function readableLine(entry: string, codec: Reader): TaskSnapshot['log'][number] {
  try {
    const [time, line] = codec.decode(entry, 'the line') as [number, string];
    return { at: new Date(time), line };
  } catch {
    return { at: new Date(0), line: entry };
  }
}
