import { backoffDelayMs } from '../../common/backoff.js';
import type { Clock } from '../../common/clock.js';
import { decode, encode } from '../../common/codec.js';
import { toError } from '../../common/errors.js';
import type { DepotLogger } from '../../common/logger.js';
import type { Ack, ClaimedTask } from '../task.broker.js';
import type { TaskContext } from '../task.context.js';
import { readEnvelope, UnreadableEnvelopeError, type Envelope } from '../task.envelope.js';
import { DiscardTask, RetryTask, TaskTimeoutError, UnknownTaskError } from '../task.errors.js';
import { writeFailure, writeOutcome } from '../task.outcome.js';
import type { TaskPolicy } from '../task.policy.js';
import { RunningTask, type TakeNote } from './running-task.js';

/** A method that runs tasks of one name. */
export interface TaskHandler {
  readonly name: string;
  readonly policy: TaskPolicy;
  run(payload: unknown, context: TaskContext): unknown;
}

export interface ExecutorSettings {
  readonly queue: string;
  readonly maxPayloadBytes: number;
}

/** An attempt under way: the context its handler has, and the acknowledgement that it ends in. Never rejects. */
export interface Attempt {
  readonly running: RunningTask | undefined;
  readonly ended: Promise<Ack>;
}

/** Runs one attempt of a task and turns whatever happens into an acknowledgement. */
export class Executor {
  private readonly handlers: ReadonlyMap<string, TaskHandler>;
  private readonly warned = new Set<string>();

  constructor(
    handlers: readonly (readonly [name: string, handler: TaskHandler])[],
    private readonly clock: Clock,
    private readonly logger: DepotLogger,
    private readonly settings: ExecutorSettings,
  ) {
    this.handlers = new Map(handlers);
  }

  get names(): readonly string[] {
    return [...this.handlers.keys()];
  }

  start(task: ClaimedTask, note: TakeNote): Attempt {
    const startedAt = this.clock.now();
    let envelope: Envelope;
    try {
      envelope = readEnvelope(task.envelope);
    } catch (error) {
      const broken = error instanceof UnreadableEnvelopeError && error.broken;
      return refused(
        broken
          ? this.dead(task, startedAt, error, task.tries)
          : this.park(task, startedAt, toError(error), 'unreadable'),
      );
    }
    const handler = this.handlers.get(envelope.name);
    if (!handler) {
      const error = new UnknownTaskError(this.settings.queue, envelope.name, this.names);
      return refused(this.park(task, startedAt, error, envelope.name));
    }
    let payload: unknown;
    try {
      payload = decode(envelope.payload, `payload of task ${task.id}`);
    } catch (error) {
      return refused(this.dead(task, startedAt, error, task.tries));
    }
    const policy: TaskPolicy = { ...handler.policy, ...envelope.overrides };
    const running = new RunningTask({
      id: task.id,
      name: envelope.name,
      queue: this.settings.queue,
      attempt: task.tries + 1,
      attempts: policy.attempts,
      payload,
      enqueuedAtMs: envelope.enqueuedAt,
      maxProgressBytes: this.settings.maxPayloadBytes,
      now: () => this.clock.now(),
      note,
    });
    return { running, ended: this.run(task, running, handler, policy, startedAt) };
  }

  private async run(
    task: ClaimedTask,
    running: RunningTask,
    handler: TaskHandler,
    policy: TaskPolicy,
    startedAt: number,
  ): Promise<Ack> {
    let result: unknown;
    try {
      const { timeoutMs } = policy;
      result = await (timeoutMs === undefined
        ? handler.run(running.payload, running)
        : this.bounded(handler, running, timeoutMs));
    } catch (thrown) {
      return this.failed(task, running, policy, startedAt, thrown);
    }
    try {
      const body = encode(result, `result of ${running.title}`, this.settings.maxPayloadBytes);
      return { id: task.id, to: 'completed', outcome: writeOutcome(startedAt, body), tries: running.attempt };
    } catch (error) {
      // The work is done; running it again would only do it twice and fail again.
      return this.dead(task, startedAt, error, running.attempt);
    }
  }

  /** The attempt ends with its time-out, even when the handler does not. */
  private async bounded(handler: TaskHandler, running: RunningTask, timeoutMs: number): Promise<unknown> {
    let cancel = (): void => undefined;
    const timeout = new Promise<never>((_, reject) => {
      cancel = this.clock.after(timeoutMs, () => {
        const error = new TaskTimeoutError(running.title, timeoutMs);
        running.abort(error);
        reject(error);
      });
    });
    try {
      const work = Promise.resolve(handler.run(running.payload, running));
      work.catch(() => undefined); // a late rejection is nobody's
      return await Promise.race([work, timeout]);
    } finally {
      cancel();
    }
  }

  private failed(
    task: ClaimedTask,
    running: RunningTask,
    policy: TaskPolicy,
    startedAt: number,
    thrown: unknown,
  ): Ack {
    const { attempt } = running;
    if (thrown instanceof DiscardTask) return this.dead(task, startedAt, thrown, attempt);
    const asked = thrown instanceof RetryTask ? thrown : undefined;
    const counts = asked?.count ?? true;
    if (counts && attempt >= policy.attempts) return this.dead(task, startedAt, thrown, attempt);
    return {
      id: task.id,
      to: 'retry',
      outcome: writeOutcome(startedAt, writeFailure(thrown)),
      tries: counts ? attempt : task.tries,
      delayMs: asked?.delayMs ?? backoffDelayMs(policy.backoff, attempt),
    };
  }

  private dead(task: ClaimedTask, startedAt: number, thrown: unknown, tries: number): Ack {
    return { id: task.id, to: 'dead', outcome: writeOutcome(startedAt, writeFailure(thrown)), tries };
  }

  private park(task: ClaimedTask, startedAt: number, error: Error, reason: string): Ack {
    if (!this.warned.has(reason)) {
      this.warned.add(reason);
      this.logger.warn(`Queue '${this.settings.queue}', task ${task.id}: ${error.message}`);
    }
    return {
      id: task.id,
      to: 'parked',
      outcome: writeOutcome(startedAt, writeFailure(error)),
      tries: task.tries,
    };
  }
}

const refused = (ack: Ack): Attempt => ({ running: undefined, ended: Promise.resolve(ack) });
