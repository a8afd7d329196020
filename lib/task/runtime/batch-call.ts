import type { Clock } from '../../common/clock.js';
import { batchOutcomes, type ItemOutcome } from '../batch.result.js';
import type { Ack } from '../task.broker.js';
import { Alarm } from './alarm.js';
import type { Endings } from './endings.js';
import { RunningBatch } from './running-batch.js';
import type { RunningTask } from './running-task.js';
import type { TaskHandler } from './task.handler.js';

export type EndItem = (running: RunningTask, ack: Ack) => void;

/** One call of a batch handler: each of its tasks ends in its own way, some of them before the call. */
export class BatchCall {
  private open: readonly RunningTask[] = [];
  private readonly alarm: Alarm;

  constructor(
    private readonly handler: TaskHandler,
    private readonly endings: Endings,
    private readonly clock: Clock,
    private readonly end: EndItem,
  ) {
    this.alarm = new Alarm(clock, () => this.endExceeded());
  }

  async run(tasks: readonly RunningTask[]): Promise<void> {
    const [first, ...others] = this.begin(tasks);
    if (!first) return;
    const batch = new RunningBatch([first, ...others]);
    this.open = batch.items;
    this.watch();
    const outcomes = await this.call(batch);
    this.alarm.cancel();
    batch.items.forEach((running, i) => {
      const outcome = outcomes[i];
      if (running.aborted || !outcome) return;
      const ack = outcome.ok
        ? this.endings.completed(running, outcome.value)
        : this.endings.failed(running, outcome.error);
      this.end(running, ack);
    });
  }

  private begin(tasks: readonly RunningTask[]): readonly RunningTask[] {
    const startedAt = this.clock.now();
    return tasks.filter((running) => {
      running.startedAt = startedAt;
      if (running.isLate) this.end(running, this.endings.unbegun(running));
      return !running.isLate;
    });
  }

  /** What came of each task; nothing when all of them were over first. */
  private async call(batch: RunningBatch): Promise<readonly ItemOutcome[]> {
    const ids = batch.items.map(({ id }) => id);
    try {
      const work = Promise.resolve(this.handler.run(batch.payload, batch));
      const outcomes = work.then((returned) => batchOutcomes(returned, ids));
      outcomes.catch(() => undefined); // a late rejection is nobody's
      return await Promise.race([outcomes, batch.over.then(() => [])]);
    } catch (error) {
      return ids.map(() => ({ ok: false, error }));
    }
  }

  /** Sets the alarm for the first of the tasks that has to be over at some time. */
  private watch(): void {
    const now = this.clock.now();
    for (const { boundAt } of this.open)
      if (boundAt !== undefined) this.alarm.set(Math.max(0, boundAt - now));
  }

  private endExceeded(): void {
    const now = this.clock.now();
    this.open = this.open.filter(({ aborted }) => !aborted);
    for (const running of this.open) {
      if ((running.boundAt ?? Number.POSITIVE_INFINITY) > now) continue;
      const error = this.endings.exceeded(running);
      running.abort(error);
      this.end(running, this.endings.failed(running, error));
    }
    this.open = this.open.filter(({ aborted }) => !aborted);
    this.watch();
  }
}
