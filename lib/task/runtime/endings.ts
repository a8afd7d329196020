import { backoffDelayMs } from '../../common/backoff.js';
import { deferralOf } from '../../common/deferral.js';
import type { DepotLogger } from '../../common/logger.js';
import type { Ack, ClaimedTask } from '../task.broker.js';
import { DiscardTask, RetryTask, TaskDeadlineError, TaskTimeoutError } from '../task.errors.js';
import { failureOf, writeFailure, writeOutcome, type TaskFailure } from '../task.outcome.js';
import type { RunningTask, Surroundings } from './running-task.js';

/** What comes of an attempt, as the acknowledgement that says so. */
export class Endings {
  private readonly warned = new Set<string>();

  constructor(
    private readonly around: Surroundings,
    private readonly logger: DepotLogger,
  ) {}

  /** Its handler returned. */
  completed(running: RunningTask, result: unknown): Ack {
    const { codec, maxPayloadBytes } = this.around;
    const { id, attempt: tries, startedAt, keepResultMs } = running;
    try {
      const body = codec.encode(result, `result of ${running.title}`, maxPayloadBytes);
      const outcome = writeOutcome(startedAt, body);
      return keepResultMs === undefined
        ? { id, to: 'completed', outcome, tries }
        : { id, to: 'completed', outcome, tries, keepMs: keepResultMs };
    } catch (error) {
      // The work is done; running it again would only do it twice and fail again.
      return this.dead(running.task, startedAt, error, tries);
    }
  }

  /** Its handler threw, or the attempt took too long. */
  failed(running: RunningTask, thrown: unknown): Ack {
    const { task, policy, attempt, startedAt } = running;
    if (thrown instanceof DiscardTask || isOver(running, thrown)) {
      return this.dead(task, startedAt, thrown, attempt);
    }
    const asked = anotherAttempt(thrown);
    const counts = asked?.count ?? true;
    if (counts && attempt >= policy.attempts) return this.dead(task, startedAt, thrown, attempt);
    const delayMs = asked?.delayMs ?? backoffDelayMs(policy.backoff, attempt);
    const tries = counts ? attempt : task.tries;
    if (policy.deadlineMs !== undefined && this.around.clock.now() + delayMs >= running.deadlineAt) {
      return this.dead(task, startedAt, this.late(running, { ...failureOf(thrown), cause: thrown }), tries);
    }
    return { id: task.id, to: 'retry', outcome: this.failure(startedAt, thrown), tries, delayMs };
  }

  /** It was cancelled while it ran, or before it did. */
  cancelled(task: ClaimedTask, running: RunningTask | undefined, error: Error): Ack {
    return running
      ? {
          id: task.id,
          to: 'cancelled',
          outcome: this.failure(running.startedAt, error),
          tries: running.attempt,
        }
      : { id: task.id, to: 'cancelled', outcome: '', tries: task.tries };
  }

  /** Its deadline was over before its handler was called. */
  unbegun(running: RunningTask): Ack {
    return this.dead(running.task, running.startedAt, this.late(running));
  }

  /** It can't be run, by nobody, or not any more. */
  dead(task: ClaimedTask, startedAt: number, error: unknown, tries = task.tries): Ack {
    return { id: task.id, to: 'dead', outcome: this.failure(startedAt, error), tries };
  }

  /** It can't be run here. Says so once for each `reason`. */
  parked(task: ClaimedTask, startedAt: number, error: Error, reason: string): Ack {
    if (!this.warned.has(reason)) {
      this.warned.add(reason);
      this.logger.warn(`Queue '${this.around.queue}', task ${task.id}: ${error.message}`);
    }
    return { id: task.id, to: 'parked', outcome: this.failure(startedAt, error), tries: task.tries };
  }

  /** @param before what the last attempt ended with, when there is no time for another one */
  private late({ title, policy }: RunningTask, before?: TaskFailure & { cause: unknown }): TaskDeadlineError {
    return new TaskDeadlineError(title, policy.deadlineMs ?? 0, before);
  }

  /** What an attempt that reached its bound ends with. */
  exceeded(running: RunningTask): Error {
    const { policy, startedAt, deadlineAt, title } = running;
    const { timeoutMs } = policy;
    return timeoutMs === undefined || deadlineAt <= startedAt + timeoutMs
      ? this.late(running)
      : new TaskTimeoutError(title, timeoutMs);
  }

  private failure(startedAt: number, thrown: unknown): string {
    return writeOutcome(startedAt, writeFailure(thrown, this.around.codec));
  }
}

/** When it is to run again, if its handler has said so, and whether this was an attempt. */
function anotherAttempt(thrown: unknown): { readonly delayMs: number; readonly count: boolean } | undefined {
  if (thrown instanceof RetryTask) return thrown;
  const delayMs = deferralOf(thrown);
  return delayMs === undefined ? undefined : { delayMs, count: false };
}

/** Its own deadline, not one that a handler came across. */
const isOver = (running: RunningTask, thrown: unknown): boolean =>
  thrown instanceof TaskDeadlineError && running.reason === thrown;
