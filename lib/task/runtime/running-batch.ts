import { BatchContext } from '../task.context.js';
import type { RunningTask } from './running-task.js';

/** One call of a batch handler. It goes on without the tasks that are over, until all are. */
export class RunningBatch extends BatchContext {
  readonly payload: readonly unknown[];
  /** Resolves when every one of its tasks is over before the handler is. */
  readonly over: Promise<void>;
  private controller: AbortController | undefined;
  private abortedWith: Error | undefined;
  private open: number;
  private resolveOver = (): void => undefined;

  constructor(override readonly items: readonly [RunningTask, ...RunningTask[]]) {
    super();
    this.payload = items.map(({ payload }) => payload);
    this.open = items.length;
    this.over = new Promise((resolve) => (this.resolveOver = resolve));
    for (const item of items) item.onAbort = (reason) => this.without(reason);
  }

  /** The first one's, and how many more there are: `V1StGXR8+99`. */
  get id(): string {
    const { length } = this.items;
    return length === 1 ? this.items[0].id : `${this.items[0].id}+${length - 1}`;
  }
  get name(): string {
    return this.items[0].handler.name;
  }
  get queue(): string {
    return this.items[0].queue;
  }
  get attempt(): number {
    return this.items.reduce((highest, { attempt }) => Math.max(highest, attempt), 1);
  }
  get attempts(): number {
    return this.items.reduce((highest, { attempts }) => Math.max(highest, attempts), 1);
  }
  get enqueuedAt(): Date {
    return this.items.reduce(
      (first, { enqueuedAt }) => (enqueuedAt < first ? enqueuedAt : first),
      this.items[0].enqueuedAt,
    );
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.abortedWith) this.controller.abort(this.abortedWith);
    }
    return this.controller.signal;
  }

  override async progress(value: unknown): Promise<void> {
    await Promise.all(this.items.map((item) => item.progress(value)));
  }

  override async log(line: string): Promise<void> {
    await Promise.all(this.items.map((item) => item.log(line)));
  }

  private without(reason: Error): void {
    if (--this.open > 0) return;
    this.abortedWith = reason;
    this.resolveOver();
    this.controller?.abort(reason);
  }
}
