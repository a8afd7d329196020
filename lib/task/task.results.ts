import type { Clock } from '../common/clock.js';
import { EngineUnavailableError, toError } from '../common/errors.js';
import type { Finished, QueueBroker } from './task.broker.js';
import type { TaskCodec } from './task.codec.js';
import {
  ResultTimeoutError,
  TaskCancelledError,
  TaskExpiredError,
  TaskNotFoundError,
} from './task.errors.js';
import { readFailure, readOutcome, replacedBy, TaskFailedError } from './task.outcome.js';

type Settle = (finished: Finished | 'unknown') => void;

/**
 * Who in this process waits for the end of which task. It asks once; if the task has not ended, its end is pushed.
 * After a gap in the pushes it asks again for all of them (A8).
 */
export class TaskResults {
  private readonly waiting = new Map<string, Set<Settle>>();

  constructor(
    private readonly broker: QueueBroker,
    private readonly listen: () => Promise<void>,
    private readonly clock: Clock,
    private readonly codec: Pick<TaskCodec, 'decode'>,
  ) {
    broker.onPush((push) => {
      if (push.kind === 'finished') this.settle(push.id, push);
    });
    broker.onGap(() => {
      for (const id of this.waiting.keys()) void this.ask(id).catch(() => undefined);
    });
  }

  async of(id: string, timeoutMs: number): Promise<unknown> {
    const finished = await this.end(id, timeoutMs);
    const { name } = this.broker;
    if (finished === 'unknown') throw new TaskNotFoundError(name, id);
    const { body } = readOutcome(finished.outcome);
    const task = `task ${id} of queue '${name}'`;
    switch (finished.state) {
      case 'completed':
        return this.codec.decode(body, `result of task ${id}`);
      case 'dead':
        throw new TaskFailedError(name, id, readFailure(body, this.codec));
      case 'cancelled':
        throw new TaskCancelledError(task, replacedBy(body));
      case 'expired':
        throw new TaskExpiredError(task);
      case 'removed':
        throw new TaskNotFoundError(name, id);
    }
  }

  private end(id: string, timeoutMs: number): Promise<Finished | 'unknown'> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        cancel();
        const settles = this.waiting.get(id);
        settles?.delete(settle);
        if (settles?.size === 0) this.waiting.delete(id);
      };
      const settle: Settle = (finished) => {
        done();
        resolve(finished);
      };
      const cancel = this.clock.after(timeoutMs, () => {
        done();
        reject(new ResultTimeoutError(this.broker.name, id, timeoutMs));
      });
      const settles = this.waiting.get(id) ?? new Set();
      this.waiting.set(id, settles.add(settle));
      this.ask(id).catch((error: unknown) => {
        // Not reached now: the gap that follows asks again, within the time-out.
        if (error instanceof EngineUnavailableError) return;
        done();
        reject(toError(error));
      });
    });
  }

  private async ask(id: string): Promise<void> {
    await this.listen();
    const answer = await this.broker.awaitOutcome(id);
    if (answer !== 'pending') this.settle(id, answer);
  }

  private settle(id: string, finished: Finished | 'unknown'): void {
    for (const settle of this.waiting.get(id) ?? []) settle(finished);
  }
}
