import { toError } from '../../common/errors.js';
import type { DepotLogger } from '../../common/logger.js';
import type { Ack, ClaimedTask } from '../task.broker.js';
import { PayloadKeyError } from '../task.codec.js';
import { NO_OVERRIDES, readEnvelope, UnreadableEnvelopeError, type Envelope } from '../task.envelope.js';
import { UnknownTaskError } from '../task.errors.js';
import type { TaskPolicy } from '../task.policy.js';
import { BatchCall, type EndItem } from './batch-call.js';
import { Endings } from './endings.js';
import { RunningTask, type Surroundings, type TakeNote } from './running-task.js';
import type { TaskHandler } from './task.handler.js';

/** Runs attempts of tasks and turns whatever happens into acknowledgements. */
export class Executor {
  readonly handlers: ReadonlyMap<string, TaskHandler>;
  private readonly endings: Endings;

  constructor(
    handlers: readonly (readonly [name: string, handler: TaskHandler])[],
    logger: DepotLogger,
    private readonly around: Surroundings,
  ) {
    this.handlers = new Map(handlers);
    this.endings = new Endings(around, logger);
  }

  get names(): readonly string[] {
    return [...this.handlers.keys()];
  }

  /** A task that is ready to be run, or the acknowledgement of one that can't be. */
  prepare(task: ClaimedTask, note: TakeNote): RunningTask | Ack {
    const { clock, codec, queue } = this.around;
    let envelope: Envelope;
    try {
      envelope = readEnvelope(task.envelope);
    } catch (error) {
      const broken = error instanceof UnreadableEnvelopeError && error.broken;
      return broken
        ? this.endings.dead(task, clock.now(), error)
        : this.endings.parked(task, clock.now(), toError(error), 'unreadable');
    }
    const { name, overrides } = envelope;
    const handler = this.handlers.get(name);
    if (!handler) {
      const error = new UnknownTaskError(queue, name, this.names);
      return this.endings.parked(task, clock.now(), error, name);
    }
    let payload: unknown;
    try {
      payload = codec.decode(envelope.payload, `payload of task ${task.id}`);
    } catch (error) {
      return error instanceof PayloadKeyError
        ? this.endings.parked(task, clock.now(), error, 'key')
        : this.endings.dead(task, clock.now(), error);
    }
    const policy: TaskPolicy =
      overrides === NO_OVERRIDES ? handler.policy : { ...handler.policy, ...overrides };
    return new RunningTask(task, handler, policy, payload, envelope, this.around, note);
  }

  /**
   * One attempt, begun at that time; `end` is told its acknowledgement, once. It ends with its handler, or `whenAborted`,
   * or when its time is over. Never throws.
   */
  run(
    running: RunningTask,
    startedAt: number,
    end: (ack: Ack) => void,
    ends: 'withHandler' | 'whenAborted' = 'withHandler',
  ): void {
    running.startedAt = startedAt;
    const { boundAt } = running;
    let result: unknown;
    if (boundAt !== undefined || ends === 'whenAborted') {
      if (running.isLate) {
        end(this.endings.unbegun(running));
        return;
      }
      result = this.bounded(running, boundAt);
    } else {
      try {
        result = running.handler.run(running.payload, running);
      } catch (thrown) {
        end(this.endings.failed(running, thrown));
        return;
      }
    }
    if (mayBePromise(result)) {
      Promise.resolve(result).then(
        (value: unknown) => end(this.endings.completed(running, value)),
        (thrown: unknown) => end(this.endings.failed(running, thrown)),
      );
    } else end(this.endings.completed(running, result));
  }

  private async bounded(running: RunningTask, boundAt: number | undefined): Promise<unknown> {
    const over = new Promise<never>((_, reject) => (running.onAbort = reject));
    const cancel =
      boundAt === undefined
        ? undefined
        : this.around.clock.after(boundAt - running.startedAt, () =>
            running.abort(this.endings.exceeded(running)),
          );
    try {
      const work = Promise.resolve(running.handler.run(running.payload, running));
      work.catch(() => undefined); // a late rejection is nobody's
      return await Promise.race([work, over]);
    } finally {
      cancel?.();
    }
  }

  /**
   * One call of a batch handler for all of these. `end` is told each one's acknowledgement, of some while the call goes
   * on; one that somebody else aborts is theirs to acknowledge. Resolves when the call is over. Never rejects.
   */
  runBatch(handler: TaskHandler, tasks: readonly RunningTask[], end: EndItem): Promise<void> {
    return new BatchCall(handler, this.endings, this.around.clock, end).run(tasks);
  }

  /** The acknowledgement of a task that was cancelled: while it ran, or before. */
  cancelled(task: ClaimedTask, running: RunningTask | undefined, error: Error): Ack {
    return this.endings.cancelled(task, running, error);
  }
}

const mayBePromise = (value: unknown): boolean =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
