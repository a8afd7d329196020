import type { ClaimedTask } from '../../lib/task/task.broker.js';
import type { EngineUnderTest } from './task-broker.engine.js';
import type { TestWorker } from './task-broker.fleet.js';

/** A worker of a history: what it believes, which may be less or more than the truth. */
export class Actor {
  readonly hand = new Map<string, ClaimedTask>();
  readonly formerNames: string[] = [];
  /** When its timer goes off. */
  lookAt = Number.POSITIVE_INFINITY;
  private seen = 0;

  constructor(
    readonly worker: TestWorker,
    readonly slots: number,
    private readonly engine: EngineUnderTest,
  ) {}

  /** It wants to call `step` in so many milliseconds. */
  look(inMs = Number.POSITIVE_INFINITY): void {
    this.lookAt = Math.min(this.lookAt, this.engine.now() + inMs);
  }

  /** Looks at what was pushed; a task that was meant for a former name is not its own. */
  async receive(): Promise<readonly ClaimedTask[]> {
    await this.worker.process.delivered();
    const news = this.worker.pushes.slice(this.seen);
    this.seen = this.worker.pushes.length;
    for (const push of news) if (push.kind === 'due') this.look(push.inMs);
    return news.flatMap((push) =>
      push.kind === 'task' && push.consumer === this.worker.consumer ? [push.task] : [],
    );
  }
}
